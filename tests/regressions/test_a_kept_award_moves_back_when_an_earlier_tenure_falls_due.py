"""A sweep, or an activity in order, left what was kept after a delete later than its tenure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import activity, apply, assert_exact, awards, insert, moment, rule_set, value

LASTING = True

TENURE = {"type": "tenure", "days": 3}
CRITERIA: list[dict[str, Any]] = [
    TENURE,
    {"type": "all_of", "criteria": [TENURE, {"type": "threshold", "at_least": 1}]},
    {"type": "any_of", "criteria": [TENURE, {"type": "threshold", "at_least": 9}]},
]


def sweep(connection: Connection) -> None:
    value(connection, "select badges.award_due_badges('2022-01-06')")


def go_on(connection: Connection) -> None:
    insert(connection, activity("2022-01-07"))


@pytest.mark.parametrize("pass_time", [sweep, go_on])
@pytest.mark.parametrize("criteria", CRITERIA, ids=["alone", "with another", "or another"])
def test_a_kept_award_moves_back_when_an_earlier_tenure_falls_due(
    connection: Connection, criteria: dict[str, Any], pass_time: Callable[[Connection], None]
) -> None:
    counting = {"type": "badges_earned", "badges": ["member"]}
    badges = {
        "member": criteria,
        "kept": counting,
        "lapsing": {"name": "lapsing", "criteria": counting, "on_unmet": "lapse"},
    }
    apply(connection, rule_set(badges))
    insert(connection, activity("2022-01-02"))
    insert(connection, activity("2022-01-06"))
    connection.execute("delete from badges.activities")
    insert(connection, activity("2022-01-01"))
    assert {each["earned_at"] for each in awards(connection)} == {moment("2022-01-05", "00:00")}
    pass_time(connection)
    dates = {each["badge_definition_id"]: each["earned_at"] for each in awards(connection)}
    assert dates == dict.fromkeys(badges, moment("2022-01-04", "00:00"))
    assert_exact(connection)
