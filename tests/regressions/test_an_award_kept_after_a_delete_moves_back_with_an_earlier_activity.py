"""The first activity after a delete was taken for the newest, whatever awards had been kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import ANN, activity, apply, assert_exact, awards, insert, moment, rule_set

LASTING = True

CRITERIA: list[dict[str, Any]] = [
    {"type": "threshold", "at_least": 1},
    {"type": "threshold", "measure": "sum", "at_least": 1},
    {"type": "threshold", "window": {"rolling_days": 3}, "at_least": 1},
    {"type": "streak", "unit": "day", "length": 1},
]


@pytest.mark.parametrize("criteria", CRITERIA)
@pytest.mark.parametrize("before", [None, "2026-01-01"], ids=["everything", "the newest"])
def test_an_award_kept_after_a_delete_moves_back_with_an_earlier_activity(
    connection: Connection, criteria: dict[str, Any], before: str | None
) -> None:
    apply(connection, rule_set({"caller": {**criteria, "activity": "call"}}))
    if before is not None:
        insert(connection, activity(before, kind="visit"))
    insert(connection, activity("2026-03-20"))
    connection.execute("delete from badges.activities where activity_type = 'call'")
    insert(connection, activity("2026-03-10"))
    assert [each["earned_at"] for each in awards(connection)] == [moment("2026-03-10")]
    assert_exact(connection)


def test_so_does_one_for_tenure(connection: Connection) -> None:
    apply(connection, rule_set({"member": {"type": "tenure", "days": 3}}))
    insert(connection, activity("2026-03-20"), activity("2026-04-20"))
    connection.execute("delete from badges.activities")
    insert(connection, activity("2026-03-01"), activity("2026-03-09"))
    midnight = moment("2026-03-04") - timedelta(hours=12)
    assert [each["earned_at"] for each in awards(connection, ANN)] == [midnight]
    assert_exact(connection)
