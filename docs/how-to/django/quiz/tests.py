"""The application's tests."""

from django.contrib.auth import get_user_model
from django.test import TestCase
from pgmerit import routines
from pgmerit.contrib.django import mentor_of, psycopg_connection
from pgmerit.contrib.django.models import Activity, EarnedBadge
from pgmerit.rules.files import load_document

from quiz.models import QuizResult


class BadgesTest(TestCase):
    """What a user does brings badges, in the transaction of the view."""

    @classmethod
    def setUpTestData(cls) -> None:
        """Apply the rules in the tests' database, and make a user."""
        with psycopg_connection() as connection:
            routines.apply_rule_set(connection, load_document("badges.yaml").value)
        cls.user = get_user_model().objects.create_user("<b>ann</b>")

    def test_a_quiz_brings_the_first_badge(self) -> None:
        """One request: a result, an activity, a badge, a signal after the commit."""
        self.client.force_login(self.user)
        with (
            self.assertLogs("quiz.receivers", "INFO") as told,
            self.captureOnCommitCallbacks(execute=True),
        ):
            self.client.post("/quiz/", {"course": "statistics", "score": 7})
        self.assertEqual(len(told.records), 1)
        (award,) = EarnedBadge.objects.filter(peer_mentor_id=mentor_of(self.user))
        self.assertEqual(award.badge_definition.name, "First quiz")
        page = self.client.get("/badges/")
        self.assertContains(page, "&lt;b&gt;ann&lt;/b&gt;")
        self.assertContains(page, "First quiz:")
        self.assertContains(page, "1 of 5")

    def test_both_or_neither(self) -> None:
        """A view that fails takes its activities along."""
        self.client.force_login(self.user)
        with self.assertRaises(ValueError):
            self.client.post("/quiz/", {"course": "statistics", "score": "many"})
        self.assertFalse(QuizResult.objects.exists() or Activity.objects.exists())
