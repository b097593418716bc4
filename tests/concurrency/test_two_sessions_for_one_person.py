from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection

from tests.engine import (
    ANN,
    ORG,
    activity,
    apply,
    assert_exact,
    awards,
    badge_ids,
    in_background,
    insert,
    moment,
    rule_set,
    stats,
    value,
    wait_until_blocked,
)

LASTING = True

Opening = Callable[..., Connection]
LEVELS = ["read committed", "repeatable read", "serializable"]
FIRST = {"type": "threshold", "activity": "call", "at_least": 1}
BOTH = {
    "type": "all_of",
    "criteria": [
        {"type": "threshold", "activity": "call", "at_least": 1},
        {"type": "threshold", "activity": "visit", "at_least": 1},
    ],
}
TWO_BADGES = {
    "caller": FIRST,
    "visitor": {"type": "threshold", "activity": "visit", "at_least": 1},
    "collector": {"type": "badges_earned", "at_least": 2},
}


def begun(session: Connection, level: str = "read committed") -> Connection:
    """Begin a transaction that has its snapshot, where the level takes one."""
    session.execute(f"begin isolation level {level}".encode())
    session.execute("select 1 from badges.organizations")
    return session


def finished(work: Future[Any], session: Connection) -> type[Exception] | None:
    """Wait for the work and end the session's transaction; give the error, if there was one."""
    try:
        work.result(timeout=20)
        session.execute("commit")
    except psycopg.Error as error:
        session.execute("rollback")
        return type(error)
    return None


def recorded_again(session: Connection, *activities: tuple[Any, ...]) -> None:
    """What a caller does after 40001: the whole transaction again."""
    insert(session, *activities)


@pytest.mark.parametrize("is_known", [False, True], ids=["new person", "known person"])
@pytest.mark.parametrize("first_ends", ["commit", "rollback"])
@pytest.mark.parametrize("second", ["12:01", "11:59"], ids=["in order", "late"])
def test_rapid_double_save_gives_one_award_and_no_error(
    connection: Connection, connect: Opening, second: str, first_ends: str, is_known: bool
) -> None:
    apply(connection, rule_set({"first": FIRST}))
    if is_known:
        insert(connection, activity("2026-02-01", kind="visit"))
    ahead, behind = begun(connect()), begun(connect())
    insert(ahead, activity("2026-03-01 12:00"))
    waiting = in_background(lambda: insert(behind, activity(f"2026-03-01 {second}")))
    wait_until_blocked(connection, behind)
    ahead.execute(first_ends.encode())
    assert finished(waiting, behind) is None
    (award,) = awards(connection)
    assert award["badge_definition_id"] == "first"
    expected = min(second, "12:00") if first_ends == "commit" else second
    assert award["earned_at"] == moment("2026-03-01", expected)
    assert_exact(connection)


@pytest.mark.parametrize("first_ends", ["commit", "rollback"])
def test_double_save_with_one_key_is_one_activity(
    connection: Connection, connect: Opening, first_ends: str
) -> None:
    apply(connection, rule_set({"first": FIRST}))
    ahead, behind = begun(connect()), begun(connect())
    call = (
        "select badges.record_activity(%s, 'nhf', 'call', '2026-03-01 12:00+00',"
        " p_idempotency_key => 'one')"
    )
    told = value(ahead, call, ANN)
    assert told["duplicate"] is False
    waiting = in_background(lambda: value(behind, call, ANN))
    wait_until_blocked(connection, behind)
    ahead.execute(first_ends.encode())
    answer = waiting.result(timeout=20)
    behind.execute("commit")
    if first_ends == "commit":
        assert answer == {
            "activity_id": told["activity_id"],
            "duplicate": True,
            "new_badges": [],
        }
    else:
        assert answer["duplicate"] is False
        assert [each["badge_definition_id"] for each in answer["new_badges"]] == ["first"]
    assert value(connection, "select count(*) from badges.activities") == 1
    assert badge_ids(connection) == ["first"]
    assert_exact(connection)


@pytest.mark.parametrize("size", [1, 2], ids=["one row", "two rows"])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("is_known", [False, True], ids=["new person", "known person"])
@pytest.mark.parametrize(
    ("rules", "expected"),
    [({"both": BOTH}, ["both"]), (TWO_BADGES, ["caller", "collector", "visitor"])],
    ids=["all_of", "badges_earned"],
)
def test_write_skew_loses_no_award(
    connection: Connection,
    connect: Opening,
    rules: dict[str, Any],
    expected: list[str],
    is_known: bool,
    level: str,
    size: int,
) -> None:
    apply(connection, rule_set(rules))
    if is_known:
        insert(connection, activity("2026-02-01", kind="other"))
    ahead, behind = begun(connect(), level), begun(connect(), level)
    theirs = [activity("2026-03-01", kind="call")] * size
    mine = [activity("2026-03-02", kind="visit")] * size
    insert(ahead, *theirs)
    waiting = in_background(lambda: insert(behind, *mine))
    wait_until_blocked(connection, behind)
    ahead.execute("commit")
    error = finished(waiting, behind)
    if level == "read committed":
        assert error is None
    elif error is not None:
        assert error is psycopg.errors.SerializationFailure
        recorded_again(behind, *mine)
    assert badge_ids(connection) == expected
    assert_exact(connection)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("delete_comes_first", [False, True])
def test_insert_against_delete_of_the_same_day_is_right_or_40001(
    connection: Connection, connect: Opening, delete_comes_first: bool, level: str
) -> None:
    apply(connection, rule_set({"daily": {"type": "streak", "unit": "day", "length": 3}}))
    insert(connection, *[activity(f"2026-03-0{day}") for day in (1, 2, 3)])
    ahead, behind = begun(connect(), level), begun(connect(), level)

    def delete(session: Connection) -> object:
        return session.execute("delete from badges.activities where activity_date = '2026-03-02'")

    def add(session: Connection) -> object:
        return insert(session, activity("2026-03-02 15:00", quantity=5))

    first, second = (delete, add) if delete_comes_first else (add, delete)
    first(ahead)
    waiting = in_background(lambda: second(behind))
    wait_until_blocked(connection, behind)
    ahead.execute("commit")
    error = finished(waiting, behind)
    if level == "read committed":
        assert error is None
    elif error is not None:
        assert error is psycopg.errors.SerializationFailure
        second(behind)
    assert_exact(connection)
    found = stats(connection)
    assert found is not None
    assert found["activity_count"] == value(connection, "select count(*) from badges.activities")


@pytest.mark.parametrize("level", LEVELS)
def test_two_updates_of_one_person_are_right_or_40001(
    connection: Connection, connect: Opening, level: str
) -> None:
    apply(connection, rule_set({"sum": {"type": "threshold", "measure": "sum", "at_least": 9}}))
    insert(connection, activity("2026-03-01", key="a"), activity("2026-03-02", key="b"))
    ahead, behind = begun(connect(), level), begun(connect(), level)
    change = b"update badges.activities set quantity = 5 where idempotency_key = %s"
    ahead.execute(change, ["a"])
    waiting = in_background(lambda: behind.execute(change, ["b"]))
    wait_until_blocked(connection, behind)
    ahead.execute("commit")
    error = finished(waiting, behind)
    if level == "read committed":
        assert error is None
    elif error is not None:
        assert error is psycopg.errors.SerializationFailure
        behind.execute(change, ["b"])
    assert badge_ids(connection) == ["sum"]
    assert_exact(connection)


def test_a_rolled_back_activity_leaves_nothing(connection: Connection, connect: Opening) -> None:
    apply(connection, rule_set({"first": FIRST}))
    session = begun(connect())
    insert(session, activity("2026-03-01"))
    assert [
        each["badge_definition_id"] for each in session.execute("select * from badges.new_badges()")
    ] == ["first"]
    session.execute("rollback")
    for table in (
        "badges.activities",
        "badges.peer_mentor_stats",
        "badges_internal.stat_elements",
        "badges.earned_badges",
        "badges.award_events",
    ):
        assert value(connection, f"select count(*) from {table}") == 0
    insert(connection, activity("2026-03-02"))
    assert badge_ids(connection) == ["first"]
    assert_exact(connection)


def test_a_rolled_back_savepoint_leaves_nothing(connection: Connection) -> None:
    apply(connection, rule_set({"first": FIRST, "second": BOTH}))
    with connection.transaction():
        insert(connection, activity("2026-03-01"))
        connection.execute("savepoint here")
        insert(connection, activity("2026-03-02", kind="visit"))
        connection.execute("update badges.activities set quantity = 7")
        connection.execute("rollback to here")
        insert(connection, activity("2026-03-03"))
    assert badge_ids(connection) == ["first"]
    assert_exact(connection)


@pytest.mark.parametrize("rule_comes_first", [False, True])
def test_an_award_by_hand_racing_the_rule_is_one_award(
    connection: Connection, connect: Opening, rule_comes_first: bool
) -> None:
    apply(connection, rule_set({"first": FIRST}))
    by_hand, by_rule = begun(connect()), begun(connect())

    def award(session: Connection) -> object:
        return value(session, "select badges.award_badge(%s, 'first', %s, 'why')", ANN, ORG)

    def record(session: Connection) -> object:
        return insert(session, activity("2026-03-01"))

    ahead, behind = (by_rule, by_hand) if rule_comes_first else (by_hand, by_rule)
    first, second = (record, award) if rule_comes_first else (award, record)
    first(ahead)
    waiting = in_background(lambda: second(behind))
    wait_until_blocked(connection, behind)
    ahead.execute("commit")
    assert finished(waiting, behind) is None
    (made,) = awards(connection)
    assert made["source"] == ("rule" if rule_comes_first else "manual")
    assert_exact(connection)


def test_each_call_tells_its_own_awards_within_one_transaction(connection: Connection) -> None:
    apply(connection, rule_set(TWO_BADGES))
    call = "select badges.record_activity(%s, 'nhf', %s, '2026-03-01 12:00+00')"
    with connection.transaction():
        first = value(connection, call, ANN, "call")
        second = value(connection, call, ANN, "visit")
        third = value(connection, call, ANN, "visit")
        in_all = connection.execute("select * from badges.new_badges()").fetchall()
    assert [each["badge_definition_id"] for each in first["new_badges"]] == ["caller"]
    assert [each["badge_definition_id"] for each in second["new_badges"]] == [
        "visitor",
        "collector",
    ]
    assert third["new_badges"] == []
    assert [each["badge_definition_id"] for each in in_all] == ["caller", "visitor", "collector"]
    assert connection.execute("select * from badges.new_badges()").fetchall() == []
