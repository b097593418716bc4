"""A badge that is kept after a correction moves back when its rule comes true earlier again."""

from __future__ import annotations

import pytest
from pgmerit.database import Connection

from tests.engine import activity, apply, assert_exact, awards, insert, moment, rule_set

LASTING = True

TWO = {"type": "threshold", "activity": "call", "at_least": 2}


@pytest.mark.parametrize("size", [1, 2])
def test_after_a_delete_and_an_insert_in_order(connection: Connection, size: int) -> None:
    apply(connection, rule_set({"two": TWO}))
    insert(connection, activity("2026-03-01"), activity("2026-03-09"))
    connection.execute("delete from badges.activities where activity_date = '2026-03-09'")
    insert(connection, *[activity("2026-03-05", quantity=n) for n in range(size)])
    assert awards(connection)[0]["earned_at"] == moment("2026-03-05")
    assert_exact(connection)


@pytest.mark.parametrize("size", [2, 3])
def test_after_everything_went(connection: Connection, size: int) -> None:
    apply(connection, rule_set({"two": TWO}))
    insert(connection, activity("2026-03-01"), activity("2026-03-09"))
    connection.execute("truncate badges.activities")
    for number in range(size):
        insert(connection, activity(f"2026-03-0{number + 2}"))
    assert awards(connection)[0]["earned_at"] == moment("2026-03-03")
    assert_exact(connection)


def test_a_tenure_that_begins_anew_but_earlier(connection: Connection) -> None:
    apply(connection, rule_set({"month": {"type": "tenure", "months": 1}}))
    insert(connection, activity("2026-03-05"), activity("2026-05-05"))
    connection.execute("truncate badges.activities")
    insert(connection, activity("2026-02-01"))
    connection.execute("select badges.award_due_badges('2026-06-01')")
    assert awards(connection)[0]["earned_at"] == moment("2026-03-01", "00:00")
    assert_exact(connection)
