"""A first day without a number made the whole tally of a value unknown in rolling windows."""

from __future__ import annotations

from pgmerit.database import Connection

from tests.engine import activity, apply, assert_exact, badge_ids, insert, rule_set

LASTING = True


def test_a_value_of_nothing_does_not_hide_what_follows_in_rolling_windows(
    connection: Connection,
) -> None:
    criteria = {
        "type": "threshold",
        "measure": "distinct",
        "field": "course",
        "per_value": {"measure": "sum", "field": "score", "at_least": 1},
        "window": {"rolling_days": 1},
        "at_least": 1,
    }
    apply(connection, rule_set({"scored": criteria}))
    insert(
        connection,
        activity("2026-01-19", attributes={"course": "y"}),
        activity("2026-03-30", attributes={"course": "y", "score": 5}),
    )
    assert badge_ids(connection) == ["scored"]
    assert_exact(connection)
