"""Activities by Django's models and helper, and the signal after the commit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, router, transaction
from django.utils.connection import ConnectionDoesNotExist
from pgmerit.contrib.django import (
    awarding,
    badges_awarded,
    mentor_of,
    psycopg_connection,
    record_activity,
)

from tests.contrib.conftest import APP
from tests.engine import person

pytestmark = pytest.mark.usefixtures("study")

ANN = person("ann")
BIG = Decimal("123456789012345678901.123456789")
LATE = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)


@pytest.fixture
def told() -> Iterator[list[list[str]]]:
    """The names of the awards of each signal."""
    sent: list[list[str]] = []

    def receive(awards: list[dict[str, Any]], **_: Any) -> None:
        assert not connection.in_atomic_block
        sent.append([award["name"] for award in awards])

    badges_awarded.connect(receive)
    yield sent
    badges_awarded.disconnect(receive)


def activity(**values: Any) -> Any:
    from pgmerit.contrib.django.models import Activity

    return Activity(
        **{
            "org_id": "study",
            "peer_mentor_id": ANN,
            "activity_type": "quiz",
            "occurred_at": LATE,
            **values,
        }
    )


def save_and_undo() -> None:
    with suppress(ZeroDivisionError), awarding():
        activity().save()
        raise ZeroDivisionError


def test_a_model_that_is_saved_knows_what_the_database_gave(told: list[list[str]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set role pgmerit_writer")  # all that an application needs
    quiz = activity(attributes={"course": "a"})
    quiz.save()
    assert told == [["First quiz"]]
    assert quiz.pk == (ANN, quiz.activity_id)
    assert quiz.activity_date == date(2026, 3, 3)  # by Oslo's calendar
    (award,) = quiz.org.earnedbadge_set.select_related("badge_definition")
    assert (str(award.badge_definition), award.activity_id) == ("First quiz", quiz.activity_id)
    assert type(award).objects.get(pk=award.pk).earned_at == LATE
    (event,) = quiz.org.awardevent_set.all()
    assert event.event_type == "awarded"
    for given, kept in ((0.1, Decimal("0.1")), (BIG, BIG)):
        quiz.quantity = given
        quiz.save()
        quiz.refresh_from_db()
        (total,) = quiz.org.activitytotal_set.filter(activity_type="quiz")
        assert (quiz.quantity, total.activity_count, total.value_sum) == (kept, 1, kept)
    quiz.delete()
    assert type(quiz).objects.count() == 0
    assert told == [["First quiz"]]


def test_each_award_is_told_once_and_after_the_commit(told: list[list[str]]) -> None:
    quizzes = type(activity()).objects
    with transaction.atomic():
        activity(peer_mentor_id=person("ben")).save()
        with awarding():
            record_activity(ANN, "study", "quiz")
            quizzes.bulk_create([activity() for _ in range(3)])
        assert told == []
        save_and_undo()
    assert told == [["First quiz"], ["First quiz"]]  # ben's, then ann's
    save_and_undo()
    activity().save()
    assert told[2:] == [["Regular"]]
    assert quizzes.filter(peer_mentor_id=ANN).update(activity_type="call") == 5
    assert quizzes.filter(peer_mentor_id=ANN).delete() == (5, {"pgmerit.Activity": 5})
    assert len(told) == 3


def test_an_award_of_a_savepoint_that_went_is_not_told(told: list[list[str]]) -> None:
    with transaction.atomic():
        save_and_undo()
        activity(activity_type="call").save()
    assert told == []
    with transaction.atomic():
        save_and_undo()
        activity().save()
    assert told == [["First quiz"]]


def test_a_function_can_be_decorated(told: list[list[str]]) -> None:
    @awarding()
    def write() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at)"
                " values ('study', %s, 'quiz', now())",
                [ANN],
            )

    write()
    write()
    assert told == [["First quiz"]]


def test_users_with_numbers_are_mapped_and_uuids_are_themselves() -> None:
    from django.contrib.auth.models import AnonymousUser, User
    from pgmerit.contrib.django.models import ExternalId

    user = User.objects.create(username="ann")
    with psycopg_connection() as driver:
        row = driver.execute(
            "select badges.mentor_id_from('django', %s)", (str(user.pk),)
        ).fetchone()
    assert row is not None
    assert mentor_of(user) == row[0]
    assert mentor_of(ANN) == ANN
    for nobody in (User(username="ben"), AnonymousUser()):
        with pytest.raises(ValueError, match="not saved, or not signed in"):
            mentor_of(nobody)
    for text in (str(ANN), str(user.pk)):
        with pytest.raises(TypeError, match="a UUID or a model instance, not str"):
            mentor_of(text)
    told = record_activity(user, "study", "quiz", attributes={"day": "x"}, idempotency_key="a")
    assert [badge["name"] for badge in told["new_badges"]] == ["First quiz"]
    assert list(ExternalId.objects.values_list("pk", flat=True)) == [
        (mentor_of(user), "django", str(user.pk))
    ]
    again = record_activity(user, "study", "quiz", attributes={"day": "x"}, idempotency_key="a")
    assert (again["activity_id"], again["duplicate"]) == (told["activity_id"], True)


def test_routers_say_where_the_engine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.auth.models import User

    monkeypatch.setattr(router, "db_for_write", lambda model: f"where {model.__name__} is")
    for work in (lambda: record_activity(ANN, "study", "quiz"), lambda: mentor_of(User(pk=1))):
        with pytest.raises(ConnectionDoesNotExist, match="where Activity is"):
            work()


def test_errors_are_those_of_django() -> None:
    with pytest.raises(IntegrityError, match="organization"):
        record_activity(uuid4(), "nowhere", "quiz")
    assert isinstance(mentor_of(ANN), UUID)


def test_an_attached_table_of_django_earns_and_is_told(
    told: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.contrib.auth.models import User

    monkeypatch.setattr(os, "environ", os.environ.copy())
    before = User.objects.create(username="ben")
    with pytest.raises(SystemExit, match="0"):
        call_command("pgmerit", "attach", str(APP / "sources.yaml"))
    with awarding():
        user = User.objects.create(username="ann")
        User.objects.create(username="cat", is_active=False)
    assert told == [["Member"]]
    from pgmerit.contrib.django.models import EarnedBadge

    held = EarnedBadge.objects.filter(badge_definition="member")
    assert {award.peer_mentor_id for award in held} == {mentor_of(before), mentor_of(user)}
