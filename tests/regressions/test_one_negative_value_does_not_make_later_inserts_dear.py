"""After a value that fell, an insert in order costs what any other does.

One negative value had every later insert of the person decide all revoke badges, and measure all
rolling windows, over the whole history.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from pgmerit.database import Connection

from tests.engine import (
    Row,
    activity,
    apply,
    assert_exact,
    awards,
    insert,
    insert_days,
    moment,
    rule_set,
    value,
)

LASTING = True


def _badge(criteria: Row) -> Row:
    return {"name": "a badge", "on_unmet": "revoke", "criteria": criteria}


RULES = rule_set(
    {
        "sum": _badge({"type": "threshold", "measure": "sum", "at_least": 5}),
        "more": _badge({"type": "threshold", "measure": "sum", "at_least": 500}),
        "field": _badge({"type": "threshold", "measure": "sum", "field": "xp", "at_least": 500}),
        "week": _badge(
            {
                "type": "threshold",
                "measure": "sum",
                "window": {"rolling_days": 7},
                "at_least": 500,
            }
        ),
    }
)
# What reads a person's history: the evaluation of a badge, the settling of awards.
DEAR = ("_evaluate_badges", "_settle_badges", "_parted_activities", "_reached_by_value")


def calls(connection: Connection) -> dict[str, int]:
    """Count how often this session has called what reads the history."""
    return {
        name: value(
            connection,
            "select coalesce(sum(pg_stat_get_xact_function_calls(oid)), 0)::integer from pg_proc"
            " where pronamespace = 'badges_internal'::regnamespace and proname = %s",
            name,
        )
        for name in DEAR
    }


@pytest.fixture
def fallen(connection: Connection) -> Connection:
    apply(connection, RULES)
    insert_days(connection, "2026-01-01", 40, attributes={"xp": 1})
    insert(connection, activity("2026-02-11", quantity=-1, attributes={"xp": -1}))
    insert(connection, activity("2026-02-13"))
    connection.execute("set track_functions = 'pl'")
    return connection


def test_an_insert_in_order_decides_nothing_again(fallen: Connection) -> None:
    with fallen.transaction():
        before = calls(fallen)
        insert(fallen, activity("2026-02-20", attributes={"xp": 1}))
        assert calls(fallen) == before
    assert_exact(fallen)


def test_nor_does_another_negative_value_that_is_the_newest(fallen: Connection) -> None:
    with fallen.transaction():
        insert(fallen, activity("2026-02-20", quantity=-1))
        assert calls(fallen)["_settle_badges"] == 0
    assert_exact(fallen)


@pytest.mark.parametrize("at", ["2026-01-03 12:00", "2026-01-05 12:00"])
def test_a_negative_value_that_is_not_the_newest_does(fallen: Connection, at: str) -> None:
    (held,) = awards(fallen)
    assert held["earned_at"] == moment("2026-01-05")
    insert(fallen, activity(at, quantity=-2))
    (held,) = awards(fallen)
    assert held["earned_at"] == moment("2026-01-05") + timedelta(days=2)
    assert_exact(fallen)


def test_nor_one_at_the_very_moment_of_the_newest_is_passed_over(connection: Connection) -> None:
    """Activities of one instant count together: what held at that instant holds no more."""
    apply(connection, RULES)
    insert(connection, activity("2026-01-01", quantity=5))
    assert len(awards(connection)) == 1
    insert(connection, activity("2026-01-01", quantity=-1))
    assert awards(connection) == []
    insert(connection, activity("2026-01-02", quantity=3, attributes={"xp": 500}))
    assert {each["badge_definition_id"] for each in awards(connection)} == {"sum", "field"}
    insert(connection, activity("2026-01-02", quantity=0, attributes={"xp": -1}))
    assert {each["badge_definition_id"] for each in awards(connection)} == {"sum"}
    assert_exact(connection)
