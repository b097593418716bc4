"""The pages of the admin show and change nothing, and only to those who may see them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pgmerit.contrib.django import mentor_of, record_activity

from tests.engine import person

pytestmark = pytest.mark.usefixtures("study")

AWARDS = "/admin/pgmerit/awardentry/"
ANN = person("ann")


@pytest.fixture
def staff(study: None) -> Client:
    """Who is signed in as a superuser."""
    from django.contrib.auth.models import User

    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def page(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, url
    return str(answer.content.decode())


def test_awards_are_searched_by_user_name_id_or_uuid(staff: Client) -> None:
    from django.contrib.auth.models import User

    user = User.objects.create(username="ann")
    record_activity(user, "study", "quiz")
    record_activity(ANN, "study", "quiz")
    hers, others = str(mentor_of(user)), str(ANN)
    shown = page(staff, AWARDS)
    assert hers in shown
    assert others in shown
    for term in ("ann", str(user.pk), hers):
        shown = page(staff, f"{AWARDS}?q={term}")
        assert hers in shown
        assert others not in shown
    shown = page(staff, f"{AWARDS}?q=nobody")
    assert hers not in shown
    assert others not in shown


def test_what_the_application_calls_a_person_is_shown_and_escaped(staff: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select badges.mentor_id_from('shop', '<i>17')")
        (mentor,) = cursor.fetchone()
        cursor.execute(
            "select badges_internal._remember_external_ids(array[%s], 'shop', '{<i>17}')", [mentor]
        )
        cursor.execute("update badges.badge_definitions set name = '<i>' || name")
    record_activity(mentor, "study", "quiz", quantity=7)
    listed, his = page(staff, AWARDS), page(staff, f"{AWARDS}person/{mentor}/")
    assert "&lt;i&gt;17</a>" in listed
    assert "shop &lt;i&gt;17" in his
    assert "&lt;i&gt;Regular" in his
    assert "1 of 5" in his
    assert "<i>" not in listed + his
    assert "Nothing is recorded" in page(staff, f"{AWARDS}person/{ANN}/")


def test_each_page_is_read_only_and_asks_for_the_right_to_view(staff: Client) -> None:
    from django.contrib.auth.models import Permission, User

    record_activity(ANN, "study", "quiz")
    ours = [each for each in admin.site._registry if each._meta.app_label == "pgmerit"]
    assert len(ours) == 3
    for model in ours:
        assert _rights(staff, model) == [True, False, False, False]
    for place in ("badgedefinition/first_quiz", "organization/study"):
        changed = staff.post(f"/admin/pgmerit/{place}/change/", {"name": "x"})
        assert changed.status_code == 403

    for url in (
        "badgedefinition/?criteria_type__exact=threshold&q=first",
        "badgedefinition/first_quiz/change/",
        "organization/",
        "organization/study/change/",
        "awardentry/?org__org_id__exact=study&revoked_at__isempty=1&o=1",
    ):
        assert "tudy" in page(staff, f"/admin/pgmerit/{url}")

    ben = User.objects.create_user("ben", is_staff=True)
    client = Client()
    client.force_login(ben)
    pages = (AWARDS, f"{AWARDS}person/{ANN}/")
    for url in pages:
        page(client, url, 403)
    ben.user_permissions.add(Permission.objects.get(codename="view_awardentry"))
    for url in pages:
        page(client, url)
    client.logout()
    for url in pages:
        page(client, url, 302)


def _rights(client: Client, model: Any) -> list[bool]:
    request = client.get("/admin/").wsgi_request
    site = admin.site._registry[model]
    return [
        site.has_view_permission(request),
        site.has_add_permission(request),
        site.has_change_permission(request),
        site.has_delete_permission(request),
    ]


def test_a_list_of_awards_costs_the_same_however_long(staff: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page(staff, AWARDS)
        return len(asked)

    record_activity(ANN, "study", "quiz")
    first = queries()
    for each in range(5):
        record_activity(person(str(each)), "study", "quiz")
    assert queries() == first
