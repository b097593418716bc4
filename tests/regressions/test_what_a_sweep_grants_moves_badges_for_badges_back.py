"""A badge for badges stayed at a later badge's date when a sweep found an earlier one."""

from __future__ import annotations

from pgmerit.database import Connection

from tests.engine import (
    ANN,
    ORG,
    activity,
    apply,
    assert_exact,
    awards,
    insert,
    moment,
    rule_set,
    value,
)

LASTING = True


def test_what_a_sweep_grants_moves_badges_for_badges_back(connection: Connection) -> None:
    badges = {
        "month": {"type": "tenure", "months": 1},
        "caller": {"type": "threshold", "at_least": 1},
        "by-hand": {"type": "manual"},
        "two": {"type": "badges_earned", "at_least": 2},
    }
    apply(connection, rule_set(badges))
    value(connection, "select badges.award_badge(%s, 'by-hand', %s, 'a reason')", ANN, ORG)
    insert(connection, activity("2025-03-01"))
    value(connection, "select badges.award_due_badges('2025-05-01')")
    dates = {each["badge_definition_id"]: each["earned_at"] for each in awards(connection)}
    assert dates["two"] == dates["month"] == moment("2025-04-01", "00:00")
    assert_exact(connection)
