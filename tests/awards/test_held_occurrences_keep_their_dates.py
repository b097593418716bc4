"""A new occurrence brings its own moment: those held before keep theirs."""

from __future__ import annotations

from datetime import UTC, datetime

from pgmerit.database import Connection

from tests.engine import ANN, ORG, activity, apply, assert_exact, awards, insert, rule_set, value

LASTING = True


def test_when_one_of_them_was_taken_back_by_the_rule(connection: Connection) -> None:
    repeated = {
        "type": "threshold",
        "activity": "call",
        "at_least": 1,
        "repeat": {"every": 1, "max": 5},
    }
    apply(
        connection,
        rule_set({"calls": {"name": "Calls", "on_unmet": "revoke", "criteria": repeated}}),
    )
    insert(connection, *[activity(f"2026-03-0{day}") for day in (1, 2, 3)])
    connection.execute("delete from badges.activities where activity_date = '2026-03-03'")
    insert(connection, activity("2026-03-05"))
    assert [each["earned_at"].day for each in awards(connection)] == [1, 2, 5]
    assert_exact(connection)


def test_a_sweep_moves_back_what_counts_its_badges(connection: Connection) -> None:
    apply(
        connection,
        rule_set(
            {
                "month": {"type": "tenure", "months": 1},
                "visit": {"type": "threshold", "activity": "visit", "at_least": 1},
                "hand": {"type": "manual"},
                "two": {"type": "badges_earned", "at_least": 2},
            }
        ),
    )
    value(connection, "select badges.award_badge(%s, 'hand', %s, 'helped')", ANN, ORG)
    insert(connection, activity("2020-02-28", kind="visit"))
    value(connection, "select badges.award_due_badges('2020-03-30')")
    dates = {each["badge_definition_id"]: each["earned_at"] for each in awards(connection)}
    assert dates["two"] == datetime(2020, 3, 28, tzinfo=UTC)
    assert_exact(connection)
