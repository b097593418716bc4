"""A late activity before what must not hold: the badge came true with it, whatever held before.

All else of the badge held before the award already, barred then: a plain rule could not come true
earlier by one more of the same.
"""

from __future__ import annotations

from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import ORG, activity, apply, assert_exact, awards, insert, moment, rule_set

SCORED = {"score": {"exists": False}}
BARS: dict[str, dict[str, Any]] = {
    "a share": {"type": "share", "qualify": SCORED, "at_least": 0.6, "of_at_least": 1},
    "a count": {"type": "threshold", "where": SCORED, "at_least": 1},
}
PARTS: dict[str, dict[str, Any]] = {
    "a count": {"type": "threshold", "at_least": 1},
    "a sum": {"type": "threshold", "measure": "sum", "at_least": 1},
    "days": {"type": "threshold", "measure": "active_days", "at_least": 1},
    "values": {"type": "threshold", "measure": "distinct", "field": "kind", "at_least": 1},
    "a streak": {"type": "streak", "unit": "week", "length": 1},
}


@pytest.mark.parametrize("bar", BARS)
@pytest.mark.parametrize("part", PARTS)
def test_a_late_activity_comes_before_what_must_not_hold(
    connection: Connection, bar: str, part: str
) -> None:
    rule = {
        "type": "all_of",
        "criteria": [PARTS[part], {"type": "none_of", "criteria": [BARS[bar]]}],
    }
    apply(connection, rule_set({"clean": rule}, {ORG: {"time_zone": "UTC"}}))
    insert(connection, activity("2022-01-05", attributes={"score": 5, "kind": "a"}))
    insert(connection, activity("2021-12-29 12:00", attributes={"kind": "a"}))
    assert [each["earned_at"] for each in awards(connection)] == [moment("2022-01-05")]
    insert(connection, activity("2021-12-29 04:30", attributes={"score": 5, "kind": "a"}))
    assert [each["earned_at"] for each in awards(connection)] == [moment("2021-12-29", "04:30")]
    assert_exact(connection)
