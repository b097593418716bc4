"""A kept award of a sequence kept its date where an activity went that had not qualified."""

from __future__ import annotations

import pytest
from pgmerit.database import Connection

from tests.engine import Row, activity, apply, assert_exact, insert, rows, rule_set

LASTING = True

GOOD: Row = {"activity": "call", "qualify": {"good": True}}
SEQUENCES: list[Row] = [
    {"type": "in_a_row", "length": 3},
    {"type": "share", "of_at_least": 3, "at_least": 0.8},
    {"type": "share", "of_last": 3, "at_least": 1},
]


@pytest.mark.parametrize("others", [0, 40], ids=["alone", "with many"])
@pytest.mark.parametrize("criteria", SEQUENCES, ids=["run", "share", "share of last"])
def test_it_moves_to_where_it_would_have_come_true(
    connection: Connection, criteria: Row, others: int
) -> None:
    apply(connection, rule_set({"badge": GOOD | criteria}))
    for day, is_good in enumerate((True, True, False, True, True, True), 1):
        insert(connection, activity(f"2026-03-0{day}", attributes={"good": is_good}))
    if others:
        insert(connection, *(activity("2026-04-01", kind="visit") for _ in range(others)))
    connection.execute(
        "delete from badges.activities"
        " where activity_type = 'visit' or not (attributes ->> 'good')::boolean"
    )
    held = rows(connection, "select earned_at::date::text as day from badges.earned_badges")
    assert [each["day"] for each in held] == ["2026-03-04"]
    assert_exact(connection)
