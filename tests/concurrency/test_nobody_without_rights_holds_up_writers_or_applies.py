"""What writers and applies wait for can be held by those alone who have rights to it."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator

import psycopg
import pytest
from pgmerit.database import Connection
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.engine import (
    BEN,
    activity,
    apply,
    assert_exact,
    in_background,
    insert,
    person,
    rows,
    rule_set,
    value,
    wait_until_blocked,
)

LASTING = True

Opening = Callable[..., Connection]
FIRST = {"type": "threshold", "activity": "call", "at_least": 1}
MODES = (
    "access share",
    "row share",
    "row exclusive",
    "share update exclusive",
    "share",
    "share row exclusive",
    "exclusive",
    "access exclusive",
)


@contextlib.contextmanager
def stranger(connection: Connection, *, member_of: str | None) -> Iterator[str]:
    """Make a role that may connect, and belongs to one of ours or to none."""
    name = f"badges_tests_stranger_{connection.info.backend_pid}"
    connection.execute(sql.SQL("create role {}").format(sql.Identifier(name)))
    try:
        if member_of:
            connection.execute(
                sql.SQL("grant {} to {}").format(sql.Identifier(member_of), sql.Identifier(name))
            )
        yield name
    finally:
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


@pytest.mark.parametrize("member_of", [None, "pgmerit_reader", "pgmerit_writer", "pgmerit_admin"])
def test_no_other_role_can_lock_the_gate(connection: Connection, member_of: str | None) -> None:
    with stranger(connection, member_of=member_of) as name:
        for mode in MODES:
            with connection.transaction(force_rollback=True):
                connection.execute(sql.SQL("set local role {}").format(sql.Identifier(name)))
                lock = f"lock table badges_internal.rule_gate in {mode} mode"
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(lock.encode())


def test_neither_writers_nor_applies_take_a_lock_that_is_open_to_everybody(
    connection: Connection,
) -> None:
    """Advisory locks are: every role can take any."""
    document = rule_set({"first": FIRST})
    with connection.transaction():
        value(connection, "select badges.apply_rule_set(%s)", Jsonb(document))
        insert(connection, activity("2026-03-01"))
        insert(connection, activity("2026-03-02"), activity("2026-03-02", who=BEN))
        connection.execute("update badges.activities set quantity = 2")
        connection.execute("delete from badges.activities where peer_mentor_id = %s", (BEN,))
        value(connection, "select badges.backfill_rule_set('tests')")
        value(connection, "select badges.award_due_badges()")
        held = rows(
            connection,
            "select locktype, mode, relation::regclass::text as relation from pg_locks"
            " where pid = pg_backend_pid()",
        )
    assert [each for each in held if each["locktype"] == "advisory"] == []
    gate = {each["mode"] for each in held if each["relation"] == "badges_internal.rule_gate"}
    assert gate == {"RowShareLock", "ShareRowExclusiveLock", "ExclusiveLock"}


@pytest.mark.parametrize(
    "statement",
    [
        "insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at)"
        " values ('nhf', gen_random_uuid(), 'call', '2026-03-01 12:00+00')",
        "insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at,"
        " activity_date) select 'nhf', gen_random_uuid(), 'call', '2026-03-01 12:00+00',"
        " '2026-03-01' from generate_series(1, 60)",
        "insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at,"
        " activity_date, quantity) values ('nhf', gen_random_uuid(), 'call',"
        " '2026-03-01 12:00+00', '2026-03-01', -1)",
        "update badges.activities set quantity = 7",
        "delete from badges.activities",
        "truncate badges.activities",
        "select badges.record_activity(gen_random_uuid(), 'nhf', 'call')",
        "select badges.record_activities('[]')",
        "select * from badges.evaluate_badges(gen_random_uuid(), 'nhf')",
        "select badges.award_badge(gen_random_uuid(), 'first', 'nhf', 'a reason')",
        "select badges.backfill_rule_set('tests')",
        "select badges.award_due_badges()",
        "select badges.rebuild_stats()",
    ],
)
def test_whatever_evaluates_holds_the_rules(connection: Connection, statement: str) -> None:
    apply(connection, rule_set({"first": FIRST}))
    insert(connection, activity("2026-03-01"))
    with connection.transaction(force_rollback=True):
        connection.execute(statement.encode())
        held = value(
            connection,
            "select count(*) from pg_locks where pid = pg_backend_pid()"
            " and relation = 'badges_internal.rule_gate'::regclass and mode = 'RowShareLock'",
        )
        assert held == 1


def test_an_apply_that_waits_for_another_says_who_holds(
    connection: Connection, connect: Opening
) -> None:
    connection.execute("alter function badges_internal._begin_apply() set lock_timeout = '100ms'")
    first = connect(autocommit=False)
    first.execute("set application_name = 'the first'")
    value(first, "select badges.apply_rule_set(%s)", Jsonb(rule_set({"first": FIRST})))
    with pytest.raises(psycopg.errors.LockNotAvailable) as caught:
        value(connection, "select badges.apply_rule_set(%s)", Jsonb(rule_set({"second": FIRST})))
    assert caught.value.diag.message_primary == "another change of the rules does not end"
    assert f"session {first.info.backend_pid} (role" in (caught.value.diag.message_detail or "")
    assert "the first" in (caught.value.diag.message_detail or "")
    first.rollback()


def test_an_apply_that_waits_for_a_writer_says_who_holds(
    connection: Connection, connect: Opening
) -> None:
    apply(connection, rule_set({"first": FIRST}))
    writer = connect(autocommit=False)
    insert(writer, activity("2026-03-01"))
    with pytest.raises(psycopg.errors.LockNotAvailable) as caught:
        connection.execute("select badges_internal._close_gate('200 milliseconds')")
    assert caught.value.diag.message_primary == "transactions that record activities do not end"
    detail = caught.value.diag.message_detail or ""
    assert f"session {writer.info.backend_pid} (role" in detail
    assert "idle in transaction" in detail
    writer.execute("prepare transaction 'badges tests'")
    writer.commit()
    try:
        with pytest.raises(psycopg.errors.LockNotAvailable) as caught:
            connection.execute("select badges_internal._close_gate('200 milliseconds')")
        assert "the prepared transaction 'badges tests'" in (caught.value.diag.message_detail or "")
    finally:
        connection.execute("rollback prepared 'badges tests'")


def test_others_write_while_an_apply_waits_for_an_idle_writer(
    connection: Connection, connect: Opening
) -> None:
    apply(connection, rule_set({"first": FIRST}))
    idle = connect(autocommit=False)
    insert(idle, activity("2026-03-01"))
    applying = connect()
    work = in_background(lambda: apply(applying, rule_set({"second": FIRST})))
    wait_until_blocked(connection, applying)
    for number in range(50):
        insert(connection, activity("2026-03-01", who=person(f"another {number}")))
    assert not work.done()
    idle.commit()
    work.result(timeout=60)
    assert_exact(connection)


def test_an_apply_waits_in_the_queue_for_a_twelfth_of_the_time(connection: Connection) -> None:
    """Simulated: a minute of turns that all fail, with a pause of 100 ms after each look."""
    turns = waited = queued = 0
    lengths = []
    while waited <= 60_000:
        turn = value(
            connection, "select badges_internal._next_turn(%s, %s, %s)", turns, waited, queued
        )
        if turn:
            lengths.append(turn)
            turns, queued, waited = turns + 1, queued + turn, waited + turn
            assert queued <= 50 + waited / 12
        waited += 100
    assert lengths[0] == 50
    assert lengths == sorted(lengths)
    assert all(later <= 2 * earlier for earlier, later in itertools.pairwise(lengths))
    assert lengths[-1] == max(lengths) == 1000


def test_an_apply_holds_no_row_that_writers_lock_while_it_waits(
    connection: Connection, connect: Opening
) -> None:
    """The places of a limited badge are such rows."""
    limited = {"name": "first two", "limit": {"first": 2}, "criteria": FIRST}
    apply(connection, rule_set({"first": limited}))
    idle = connect(autocommit=False)
    insert(idle, activity("2026-03-01", who=person("idle"), kind="visit"))
    applying = connect()
    more = {**limited, "limit": {"first": 3}}
    work = in_background(lambda: apply(applying, rule_set({"first": more})))
    wait_until_blocked(connection, applying)
    connection.execute("set statement_timeout = '10s'")
    insert(connection, activity("2026-03-01", who=BEN))
    assert not work.done()
    idle.commit()
    work.result(timeout=60)
    places = rows(connection, "select claimed, places from badges_internal.badge_places")
    assert places == [{"claimed": 1, "places": 3}]
    assert_exact(connection)


def test_an_apply_leaves_statistics_of_what_it_compiled(connection: Connection) -> None:
    apply(connection, rule_set({f"b{n}": {**FIRST, "at_least": n} for n in range(1, 300)}))
    analyzed = rows(
        connection,
        "select relname from pg_class where relnamespace = 'badges_internal'::regnamespace"
        " and relname in ('milestones', 'stat_definitions', 'activity_routes') and reltuples < 0",
    )
    assert analyzed == []
    counted = value(
        connection,
        "select reltuples from pg_class where oid = 'badges_internal.milestones'::regclass",
    )
    assert counted == 299
