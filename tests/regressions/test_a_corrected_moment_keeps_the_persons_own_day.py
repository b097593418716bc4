"""A person's own local day is a writer's right on every path, and a correction moves with it.

Correcting the moment of a row by five minutes put the organization's day in its place, and neither
record_activity nor record_activities took a day.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest
from pgmerit import routines
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import ANN, apply, assert_exact, awards, moment, rows, rule_set, value

LASTING = True

NEW_YORK = {"nhf": {"time_zone": "America/New_York"}, "hlf": {"time_zone": "Asia/Tokyo"}}
STREAK = {"type": "streak", "activity": "post", "unit": "day", "length": 3}
# The day starts at 04:00 for this person.
OWN_DAYS = (
    ("2026-03-02 22:00-05", "2026-03-02"),
    ("2026-03-04 01:00-05", "2026-03-03"),
    ("2026-03-04 23:00-05", "2026-03-04"),
)


@pytest.fixture
def posted(connection: Connection) -> Connection:
    """Three days running by the person's own clock."""
    badge = {"name": "Three days", "on_unmet": "revoke", "criteria": STREAK}
    apply(connection, rule_set({"three": badge}, NEW_YORK))
    for at, day in OWN_DAYS:
        connection.execute(
            "insert into badges.activities"
            " (peer_mentor_id, org_id, activity_type, occurred_at, activity_date)"
            " values (%s, 'nhf', 'post', %s, %s)",
            (ANN, at, day),
        )
    assert len(awards(connection)) == 1
    return connection


def days(connection: Connection) -> list[str]:
    found = rows(connection, "select activity_date from badges.activities order by occurred_at")
    return [each["activity_date"].isoformat() for each in found]


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("2026-03-04 01:05-05", "2026-03-03"),
        ("2026-03-04 00:30-05", "2026-03-03"),
        ("2026-03-03 12:00-05", "2026-03-02"),
        ("2026-03-04 18:59-05", "2026-03-03"),
    ],
)
def test_the_day_moves_as_the_organizations_does(
    posted: Connection, to: str, expected: str
) -> None:
    posted.execute(
        "update badges.activities set occurred_at = %s where occurred_at = '2026-03-04 01:00-05'",
        (to,),
    )
    assert days(posted)[1] == expected
    assert len(awards(posted)) == (expected == "2026-03-03")
    assert_exact(posted)


def test_a_day_given_with_the_correction_counts(posted: Connection) -> None:
    posted.execute(
        "update badges.activities set occurred_at = '2026-03-04 01:05-05',"
        " activity_date = '2026-03-04' where occurred_at = '2026-03-04 01:00-05'"
    )
    assert days(posted)[1] == "2026-03-04"
    assert_exact(posted)


def test_a_day_at_the_edge_of_what_is_accepted_stays_within_it(posted: Connection) -> None:
    """The day after the UTC date cannot move on with the organization's; no update fails by it."""
    posted.execute(
        "insert into badges.activities"
        " (peer_mentor_id, org_id, activity_type, occurred_at, activity_date)"
        " values (%s, 'nhf', 'post', '2026-04-01 03:00+00', '2026-04-02')",
        (ANN,),
    )
    posted.execute(
        "update badges.activities set occurred_at = '2026-04-01 05:00+00'"
        " where occurred_at = '2026-04-01 03:00+00'"
    )
    assert days(posted)[-1] == "2026-04-02"
    assert_exact(posted)


def test_another_organization_has_its_own_day(posted: Connection) -> None:
    """New York's 2 March, 22:00, is Tokyo's 3 March."""
    posted.execute("update badges.activities set org_id = 'hlf' where activity_date = '2026-03-02'")
    assert days(posted)[0] == "2026-03-03"
    assert_exact(posted)


def test_record_activity_takes_the_day(posted: Connection) -> None:
    def record(day: str | None) -> dict[str, Any]:
        return routines.record_activity(
            posted,
            ANN,
            "nhf",
            "post",
            moment("2026-03-06", "06:00"),
            idempotency_key="late night",
            activity_date=date.fromisoformat(day) if day else None,
        )

    assert not record("2026-03-05")["duplicate"]
    assert days(posted)[-1] == "2026-03-05"
    # A replay need not repeat the day, but must not name another.
    assert record("2026-03-05")["duplicate"]
    assert record(None)["duplicate"]
    with pytest.raises(psycopg.Error, match="known with another activity_date"):
        record("2026-03-06")
    assert_exact(posted)


def test_record_activities_takes_the_day(posted: Connection) -> None:
    element = {
        "peer_mentor_id": str(ANN),
        "org_id": "nhf",
        "activity_type": "post",
        "occurred_at": "2026-03-06T01:00:00-05:00",
        "activity_date": "2026-03-05",
        "idempotency_key": "late night",
    }

    def record(**change: Any) -> Any:
        return value(posted, "select badges.record_activities(%s)", Jsonb([element | change]))

    assert record()["recorded"] == 1
    assert days(posted)[-1] == "2026-03-05"
    assert record()["duplicates"] == 1
    with pytest.raises(psycopg.Error, match="other content"):
        record(activity_date="2026-03-06")
    for wrong in ("2026-03-09", "yesterday-ish", "infinity", "2026-13-01"):
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="element 0: activity_date"):
            record(activity_date=wrong, idempotency_key="another")
    assert_exact(posted)


def test_a_day_of_an_organization_that_does_not_exist_is_refused_by_its_name(
    posted: Connection,
) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match='"nowhere" does not exist'):
        routines.record_activity(
            posted, ANN, "nowhere", "post", moment("2026-03-05"), activity_date=date(2026, 3, 5)
        )
