from __future__ import annotations

import pytest
from pgmerit.database import Connection

from tests.engine import ANN, activity, apply, assert_exact, awards, insert, moment, rule_set

LASTING = True

FIRST = {"type": "threshold", "activity": "call", "at_least": 1}
SECOND = {"type": "threshold", "activity": "visit", "at_least": 1}
LATER = {"type": "threshold", "at_least": 4}


@pytest.mark.parametrize("in_one_statement", [True, False])
def test_a_part_met_by_a_badge_of_the_same_statement_counts(
    connection: Connection, in_one_statement: bool
) -> None:
    criteria = {"type": "any_of", "criteria": [LATER, {"type": "badges_earned", "badges": ["one"]}]}
    apply(connection, rule_set({"a": criteria, "one": FIRST}))
    feed(connection, in_one_statement)
    assert dates(connection) == {"a": "2026-03-01", "one": "2026-03-01"}


@pytest.mark.parametrize("in_one_statement", [True, False])
def test_so_does_one_further_up_a_chain(connection: Connection, in_one_statement: bool) -> None:
    def any_of(badge: str) -> dict[str, object]:
        return {"type": "any_of", "criteria": [LATER, {"type": "badges_earned", "badges": [badge]}]}

    badges = {"a": any_of("b"), "b": any_of("c"), "c": any_of("one"), "one": FIRST}
    apply(connection, rule_set(badges))
    feed(connection, in_one_statement)
    assert dates(connection) == dict.fromkeys(badges, "2026-03-01")


def test_a_backfilled_badge_moves_no_badge_that_was_earned(connection: Connection) -> None:
    counting = {"type": "badges_earned", "at_least": 1}
    apply(connection, rule_set({"counting": counting, "two": SECOND}))
    insert(connection, activity("2026-03-01"), activity("2026-03-02", kind="visit"))
    apply(connection, rule_set({"counting": counting, "two": SECOND, "one": FIRST}))
    assert dates(connection) == {
        "counting": "2026-03-02",
        "one": "2026-03-01",
        "two": "2026-03-02",
    }


def feed(connection: Connection, in_one_statement: bool) -> None:
    activities = [activity(f"2026-03-0{day}") for day in range(1, 6)]
    if in_one_statement:
        insert(connection, *activities)
    else:
        for each in activities[::-1]:
            insert(connection, each)
    assert_exact(connection)


def dates(connection: Connection) -> dict[str, str]:
    found = awards(connection, ANN)
    assert all(each["earned_at"] == moment(each["earned_at"].date()) for each in found)
    return {each["badge_definition_id"]: str(each["earned_at"].date()) for each in found}
