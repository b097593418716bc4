"""A run was not held before its last day began; an activity of another type then passed it over."""

from __future__ import annotations

from datetime import date, timedelta

from pgmerit.database import Connection

from tests.engine import (
    ANN,
    ORG,
    activity,
    apply,
    assert_exact,
    awards,
    badge_ids,
    insert,
    moment,
    rule_set,
)

LASTING = True


def call_for_tomorrow(connection: Connection, day: str) -> None:
    """Insert a call at 23:00 that counts for the day after."""
    connection.execute(
        "insert into badges.activities"
        " (peer_mentor_id, org_id, activity_type, occurred_at, activity_date)"
        " values (%s, %s, 'call', %s, %s)",
        (ANN, ORG, moment(day, "23:00"), date.fromisoformat(day) + timedelta(days=1)),
    )


def test_a_run_that_begins_with_a_day_is_found_by_any_activity(connection: Connection) -> None:
    streak = {"type": "streak", "activity": "call", "unit": "day", "length": 2}
    badges = {"active": {"name": "active", "criteria": streak, "on_unmet": "lapse"}}
    apply(connection, rule_set(badges))
    insert(connection, activity("2026-02-20", kind="visit"))
    call_for_tomorrow(connection, "2026-03-01")
    call_for_tomorrow(connection, "2026-03-02")
    assert badge_ids(connection) == []
    insert(connection, activity("2026-03-03", kind="visit"))
    assert [each["earned_at"] for each in awards(connection)] == [moment("2026-03-03", "00:00")]
    assert_exact(connection)
