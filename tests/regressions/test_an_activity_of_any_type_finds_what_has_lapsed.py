"""An activity in order of a type that no badge that lapses asks for left it held after its time."""

from __future__ import annotations

from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import activity, apply, assert_exact, badge_ids, insert, rule_set

LASTING = True

CALLS = {"activity": "call"}
CRITERIA: list[dict[str, Any]] = [
    {"type": "threshold", "at_least": 1, "window": {"last_days": 3}, **CALLS},
    {"type": "streak", "unit": "day", "length": 1, **CALLS},
]


@pytest.mark.parametrize("criteria", CRITERIA, ids=["window", "streak"])
def test_an_activity_of_any_type_finds_what_has_lapsed(
    connection: Connection, criteria: dict[str, Any]
) -> None:
    badges = {
        "lately": {"name": "lately", "criteria": criteria, "on_unmet": "lapse"},
        "visitor": {"type": "threshold", "activity": "visit", "at_least": 3},
    }
    apply(connection, rule_set(badges))
    # The first of its type is looked at whole.
    for kind in ("visit", "a type that no badge asks for"):
        insert(connection, activity("2026-02-01", kind=kind))
    insert(connection, activity("2026-03-01"))
    assert badge_ids(connection) == ["lately"]
    insert(connection, activity("2026-03-10", kind="visit"))
    assert badge_ids(connection) == []
    insert(connection, activity("2026-03-11"))
    assert badge_ids(connection) == ["lately"]
    insert(connection, activity("2026-03-20", kind="a type that no badge asks for"))
    assert badge_ids(connection) == []
    assert_exact(connection)
