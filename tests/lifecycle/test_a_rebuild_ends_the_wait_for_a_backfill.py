"""Whom rebuild_stats brings to the present version has the awards that a backfill would give."""

from __future__ import annotations

from typing import Any

import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import ANN, ORG, activity, apply, assert_exact, badge_ids, insert, rule_set, value

LASTING = True

CALLS = {"type": "threshold", "activity": "call", "at_least": 2}
LATE_DAY = {
    "type": "streak",
    "unit": "day",
    "length": 1,
    "when": {"dates": ["02-28"]},
    "on": {"closed_days": False, "weekdays": ["mon", "tue", "wed", "fri", "sat", "sun"]},
}


def badge(criteria: dict[str, Any], on_unmet: str) -> dict[str, Any]:
    """Give a whole badge."""
    return {"name": "A badge", "criteria": criteria, "on_unmet": on_unmet}


def apply_only(connection: Connection, document: dict[str, Any]) -> None:
    """Apply, and leave everybody to whoever touches them first."""
    value(
        connection,
        "select badges.apply_rule_set(%s, p_allow_revoke => true)",
        Jsonb(document),
    )


def test_a_rebuild_gives_what_a_new_version_brings(connection: Connection) -> None:
    apply(connection, rule_set({}))
    insert(connection, activity("2026-03-01"), activity("2026-03-02"))
    apply_only(connection, rule_set({"calls": CALLS}))
    assert badge_ids(connection, ANN) == []
    value(connection, "select badges.rebuild_stats()")
    assert badge_ids(connection, ANN) == ["calls"]
    assert value(connection, "select badges.backfill_rule_set('tests', 0)")["remaining"] == 0
    assert_exact(connection)


def test_a_rebuild_takes_what_a_new_version_denies(connection: Connection) -> None:
    apply(connection, rule_set({"calls": badge(CALLS, "revoke")}))
    insert(connection, activity("2026-03-01"), activity("2026-03-02"))
    assert badge_ids(connection, ANN) == ["calls"]
    apply_only(connection, rule_set({"calls": badge(CALLS | {"at_least": 3}, "revoke")}))
    value(connection, "select badges.rebuild_stats(%s)", ANN)
    assert badge_ids(connection, ANN) == []
    assert_exact(connection)


@pytest.mark.parametrize("everybody", [True, False])
def test_a_rebuild_settles_what_lapses_on_other_days(
    connection: Connection, everybody: bool
) -> None:
    auckland = {ORG: {"time_zone": "Pacific/Auckland"}}
    apply(connection, rule_set({"late_day": badge(LATE_DAY, "lapse")}, auckland))
    insert(connection, activity("2020-02-29 22:30"), activity("2020-02-27 12:00"))
    connection.execute("delete from badges.activities where occurred_at > '2020-02-28'")
    assert badge_ids(connection, ANN) == ["late_day"]
    value(connection, "select badges.rezone_organization(%s, 'UTC')", ORG)
    value(connection, "select badges.rebuild_stats(%s)", None if everybody else ANN)
    assert badge_ids(connection, ANN) == []
    assert_exact(connection)


def test_a_rebuild_awards_nothing_to_whom_no_backfill_waits_for(connection: Connection) -> None:
    apply(connection, rule_set({"calls": CALLS}))
    insert(connection, activity("2026-03-01"), activity("2026-03-02"))
    connection.execute("delete from badges.award_events")
    connection.execute("delete from badges.earned_badges")
    value(connection, "select badges.rebuild_stats()")
    assert badge_ids(connection, ANN) == []
