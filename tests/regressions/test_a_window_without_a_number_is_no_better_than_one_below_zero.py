"""A rolling window whose activities have no number has no sum: it does not lift one below 0."""

from __future__ import annotations

import pytest
from pgmerit.database import Connection

from tests.engine import activity, apply, assert_exact, insert, rule_set, value

LASTING = True

LATELY = {
    "type": "threshold",
    "measure": "sum",
    "field": "score",
    "window": {"rolling_days": 1},
    "at_least": 1,
}


@pytest.mark.parametrize("scores", [[-1, "seven"], ["seven", -1]])
@pytest.mark.parametrize("rows_a_statement", [1, 2, 40])
def test_either_way_round(
    connection: Connection, scores: list[object], rows_a_statement: int
) -> None:
    apply(connection, rule_set({"lately": LATELY}))
    first, second = (
        activity(day, attributes={"score": score})
        for day, score in zip(("2026-03-01", "2026-03-02"), scores, strict=True)
    )
    if rows_a_statement == 2:
        insert(connection, first, second)
    else:
        insert(connection, *[first] * rows_a_statement)
        insert(connection, *[second] * rows_a_statement)
    assert_exact(connection)
    sums = "select value_sum from badges.peer_mentor_stats where stat like '~%%'"
    assert value(connection, sums) == -1 * (rows_a_statement if rows_a_statement > 2 else 1)
