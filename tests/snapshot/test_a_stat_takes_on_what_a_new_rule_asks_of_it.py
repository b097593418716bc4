from __future__ import annotations

from typing import Any

import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import activity, apply, assert_exact, badge_ids, insert, rule_set
from tests.snapshot.recount import assert_equals_a_recount

LASTING = True

CHOICE = {"activity": "call", "where": {"level": {"gte": 2}}}
COUNT = {"type": "threshold", **CHOICE, "at_least": 2}
OTHERS: list[dict[str, Any]] = [
    {"type": "threshold", **CHOICE, "measure": "active_days", "at_least": 3},
    {"type": "streak", **CHOICE, "unit": "day", "length": 3},
    {"type": "streak", **CHOICE, "unit": "week", "length": 2},
    {"type": "threshold", **CHOICE, "measure": "sum", "at_least": 3},
    {"type": "threshold", **CHOICE, "measure": "max", "at_least": 1},
    # Base stats keep their runs only where a rule asks for them.
    {"type": "streak", "unit": "day", "length": 3},
    {"type": "streak", "activity": "call", "unit": "week", "length": 2},
]


@pytest.mark.parametrize("comes_by", ["the backfill", "the next activity"])
@pytest.mark.parametrize("other", OTHERS, ids=lambda each: each.get("unit") or each["measure"])
def test_a_measure_is_added_and_dropped(
    connection: Connection, other: dict[str, Any], comes_by: str
) -> None:
    apply(connection, rule_set({"count": COUNT}))
    chosen = [
        activity(f"2026-03-0{day}", attributes={"level": level})
        for day, level in [(7, 2), (8, 3), (9, 1), (9, 5)]
    ]
    insert(connection, *chosen)
    document = rule_set({"count": COUNT, "other": other})
    if comes_by == "the backfill":
        apply(connection, document)
        assert badge_ids(connection) == ["count", "other"]
    else:
        connection.execute("select badges.apply_rule_set(%s)", [Jsonb(document)])
        insert(connection, activity("2026-03-10", attributes={"level": 2}))
        assert badge_ids(connection) == ["count", "other"]
    assert_equals_a_recount(connection)
    assert_exact(connection)
    apply(connection, rule_set({"count": COUNT}))
    insert(connection, *chosen)
    assert_equals_a_recount(connection)
    assert_exact(connection)
