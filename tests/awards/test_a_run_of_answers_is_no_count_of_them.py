from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import activity, apply, assert_exact, awards, insert, moment, rule_set, value

LASTING = True

FIVE = {"type": "in_a_row", "activity": "answer", "qualify": {"right": True}, "length": 5}
LATELY = FIVE | {"type": "share", "at_least": 0.8, "of_last": 10}
del LATELY["length"]
NOON = moment("2026-03-01", "12:00")


def answers(right: str, first: int = 0) -> list[tuple[Any, ...]]:
    """Give an answer a minute: + is right, - is wrong."""
    return [
        activity(
            NOON + timedelta(minutes=first + n), kind="answer", attributes={"right": each == "+"}
        )
        for n, each in enumerate(right)
    ]


def held(connection: Connection) -> dict[str, int]:
    """Give the minute at which each badge that is held was earned."""
    return {
        each["badge_definition_id"]: (each["earned_at"] - NOON) // timedelta(minutes=1)
        for each in awards(connection)
        if each["revoked_at"] is None
    }


def test_every_second_right_answer_is_no_row_and_no_share(connection: Connection) -> None:
    apply(connection, rule_set({"five": FIVE, "lately": LATELY}))
    insert(connection, *answers("-+-+-+-+-+"))
    assert held(connection) == {}
    insert(connection, *answers("++++", 10))
    assert held(connection) == {"five": 13}
    insert(connection, *answers("+", 14))
    assert held(connection) == {"five": 13, "lately": 14}
    assert_exact(connection)


def test_a_late_wrong_answer_parts_a_run_and_a_late_right_one_joins_two(
    connection: Connection,
) -> None:
    kept = {"name": "Kept", "criteria": FIVE, "on_unmet": "keep"}
    taken = {"name": "Taken", "criteria": FIVE, "on_unmet": "revoke"}
    apply(connection, rule_set({"kept": kept, "taken": taken}))
    for one in answers("+++-++"):
        insert(connection, one)
    for one in answers("++", 7):
        insert(connection, one)
    assert held(connection) == {}
    insert(connection, *answers("+", 6))
    assert held(connection) == {"kept": 8, "taken": 8}
    assert_exact(connection)
    insert(connection, *answers("-", 6))
    assert held(connection) == {"kept": 8}
    insert(connection, *answers("++", 9))
    # At their instant the wrong one came first: the right one begins the run.
    assert held(connection) == {"kept": 8, "taken": 10}
    insert(connection, *answers("-+++", 10))
    assert held(connection) == {"kept": 8}
    assert_exact(connection)
    value(
        connection,
        "with gone as (delete from badges.activities where attributes = '{\"right\": false}'"
        " and occurred_at > %s returning 1) select count(*) from gone",
        NOON + timedelta(minutes=9),
    )
    assert held(connection) == {"kept": 8, "taken": 10}
    assert_exact(connection)


@pytest.mark.parametrize("way", ["a late wrong answer", "a delete"])
def test_a_run_that_became_shorter_is_waited_for_again(connection: Connection, way: str) -> None:
    eight = {"type": "threshold", "activity": "answer", "at_least": 8}
    apply(connection, rule_set({"both": {"type": "all_of", "criteria": [FIVE, eight]}}))
    insert(connection, *answers("+++++"))
    if way == "a delete":
        connection.execute("delete from badges.activities where occurred_at = %s", (NOON,))
    else:
        insert(connection, *answers("-", 2))
    insert(connection, *answers("-++-", 5))
    assert held(connection) == {}
    insert(connection, *answers("++++", 9))
    assert held(connection) == {}
    insert(connection, *answers("+", 13))
    assert held(connection) == {"both": 13}
    assert_exact(connection)
