from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest
from pgmerit.demo.generator import COLUMNS, ORGANIZATIONS, Year, generate, public_holidays

TODAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def year() -> Year:
    return generate(1, TODAY)


def _days(year: Year, org_id: str) -> list[date]:
    return [
        date.fromisoformat((a.occurred_at or a.activity_date)[:10])
        for a in year.activities
        if a.org_id == org_id
    ]


def test_the_organizations_have_their_true_size(year: Year) -> None:
    visits = Counter(
        a.peer_mentor_id
        for a in year.activities
        if a.org_id == "hlf" and a.activity_type == "assignment"
    )
    assert len(visits) == 570
    assert 21_500 < sum(visits.values()) < 22_600
    assert sum(count > 600 for count in visits.values()) >= 3
    branches = {
        json.loads(a.attributes)["local_branch"] for a in year.activities if a.org_id == "hlf"
    }
    assert len(branches) == 180
    learners = {a.peer_mentor_id for a in year.activities if a.org_id == "study"}
    assert len(learners) == 2_000
    assert {a.org_id for a in year.activities} == {o.org_id for o in ORGANIZATIONS} | {"study"}


def test_everything_happened_in_the_year_before_today(year: Year) -> None:
    for org_id in ("hlf", "nhf", "blindeforbundet", "study"):
        days = _days(year, org_id)
        assert max(days) < TODAY
        assert min(days) >= TODAY - timedelta(days=365)


def test_weeks_and_holidays_have_their_rhythm(year: Year) -> None:
    days = Counter(_days(year, "hlf"))
    weekdays = Counter(day.weekday() for day in days.elements())
    assert weekdays[6] < weekdays[1] / 2
    months = Counter(day.month for day in days.elements())
    assert months[7] < months[9] / 2
    ordinary = sum(days.values()) / 365
    holidays = [day for day in public_holidays(2026) if day < TODAY]
    assert sum(days[day] for day in holidays) / len(holidays) < ordinary / 4


@pytest.mark.parametrize(
    ("year_number", "easter"), [(2024, date(2024, 3, 31)), (2026, date(2026, 4, 5))]
)
def test_holidays_move_with_easter(year_number: int, easter: date) -> None:
    holidays = public_holidays(year_number)
    assert holidays[easter] == "første påskedag"
    assert holidays[easter + timedelta(days=39)] == "Kristi himmelfartsdag"
    assert date(year_number, 5, 17) in holidays
    assert len(holidays) == 12


def test_many_rows_are_registered_late_and_some_without_the_hour(year: Year) -> None:
    moments = [a.occurred_at or a.activity_date for a in year.activities if a.org_id == "hlf"]
    late = sum(later[:10] < earlier[:10] for earlier, later in pairwise(moments))
    assert late > len(moments) / 10
    assert sum(len(moment) == 10 for moment in moments) > len(moments) / 10


def test_some_rows_are_saved_twice_and_some_corrected(year: Year) -> None:
    assert 200 < len(year.activities) - year.distinct_keys < 1_000
    kinds = Counter(correction.action for correction in year.corrections)
    assert kinds["update"] > 100
    assert kinds["delete"] > 50
    known = {(a.peer_mentor_id, a.org_id, a.idempotency_key) for a in year.activities}
    mended = [(c.peer_mentor_id, c.org_id, c.idempotency_key) for c in year.corrections]
    assert len(set(mended)) == len(mended)
    assert set(mended) <= known


def test_the_same_seed_gives_the_same_year_and_another_another() -> None:
    first = generate(5, TODAY, 0.02)
    assert generate(5, TODAY, 0.02) == first
    assert generate(6, TODAY, 0.02) != first
    assert all(len(row) == len(COLUMNS) for row in first.rows())


def test_the_person_whom_the_demo_follows_is_one_assignment_short(year: Year) -> None:
    hero = year.protagonist.peer_mentor_id
    own = [a for a in year.activities if a.peer_mentor_id == hero]
    keys = {a.idempotency_key for a in own if a.activity_type == "assignment"}
    assert len(keys) == 14
    assert not any(c.peer_mentor_id == hero for c in year.corrections)
