"""Late commits, old snapshots, prepared transactions, workers beside each other."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

import psycopg
import pytest
from pgmerit import routines
from pgmerit.database import Connection, retry

from tests.engine import (
    ANN,
    BEN,
    activity,
    apply,
    in_background,
    insert,
    person,
    rows,
    rule_set,
    value,
    wait_until_blocked,
)
from tests.events.feed import claim, count, drain, end_leases, settle, state, tell

LASTING = True

Connect = Callable[..., Connection]
LEVELS = ["read committed", "repeatable read", "serializable"]


def test_what_commits_late_comes_though_its_number_is_lower(
    connection: Connection, connect: Connect
) -> None:
    late = connect(autocommit=False)
    below = tell(late, ANN)
    above = tell(connection, BEN)
    assert below < above
    assert drain(connection) == above
    remembered = value(connection, "select max(event_id) from badges.award_events")
    late.commit()
    # A reader that remembers the last number never sees it.
    newer = "select event_id from badges.award_events where event_id > %s"
    assert rows(connection, newer, remembered) == []
    assert state(connection)["pending"] == 1
    assert drain(connection) == below


def test_a_long_transaction_holds_up_nobody_and_loses_nothing(
    connection: Connection, connect: Connect
) -> None:
    long, other = connect(autocommit=False), connect(autocommit=False)
    first, second = tell(long, ANN), tell(other, BEN)
    for _ in range(3):
        told = tell(connection, person("cat"), 2)
        assert drain(connection) == told
    other.commit()
    assert drain(connection) == second
    first += tell(long, ANN)
    long.commit()
    assert drain(connection) == first
    assert drain(connection) == []


def test_what_rolls_back_never_comes(connection: Connection, connect: Connect) -> None:
    lost = connect(autocommit=False)
    tell(lost)
    assert claim(connection) == []
    lost.rollback()
    assert claim(connection) == []
    with connection.transaction():
        kept = tell(connection)
        with connection.transaction(force_rollback=True):
            tell(connection)
        kept += tell(connection)
    assert drain(connection) == kept


def test_a_claim_that_rolls_back_leaves_all_as_it_was(
    connection: Connection, connect: Connect
) -> None:
    routines.register_consumer(connection, "mailer")
    told = tell(connection)
    with connection.transaction(force_rollback=True):
        assert claim(connection) == told
    with connection.transaction():
        with connection.transaction(force_rollback=True):
            assert claim(connection) == told
        told += tell(connection, BEN)
    dying = connect(autocommit=False)
    assert claim(dying) == told
    dying.close()
    assert drain(connection) == told


def test_a_prepared_transaction_comes_when_it_commits(connection: Connection) -> None:
    """NOTIFY would make `prepare transaction` fail: not sent on a server that knows it."""
    routines.register_consumer(connection, "mailer")
    connection.execute("begin")
    told = tell(connection)
    connection.execute("prepare transaction 'waiting'")
    after = tell(connection, BEN)
    assert drain(connection) == after
    connection.execute("commit prepared 'waiting'")
    assert drain(connection) == told


def test_an_old_snapshot_stops_nothing(connection: Connection, connect: Connect) -> None:
    old = connect(autocommit=False)
    old.execute("set transaction isolation level repeatable read")
    value(old, "select 1")
    told = tell(connection, count=3)
    assert drain(connection, limit=1) == told


@pytest.mark.parametrize("level", LEVELS[1:])
def test_a_claim_by_an_old_snapshot_loses_nothing(
    connection: Connection, connect: Connect, level: str
) -> None:
    routines.register_consumer(connection, "mailer")
    old = connect(autocommit=False)
    old.execute(f"set transaction isolation level {level}".encode())
    value(old, "select 1")
    unseen = tell(connection)
    seen = tell(old, BEN)
    assert claim(old) == []
    old.commit()
    assert drain(connection) == [*unseen, *seen]


@pytest.mark.parametrize("level", LEVELS[1:])
def test_of_two_claims_by_old_snapshots_one_is_told_to_try_again(
    connection: Connection, connect: Connect, level: str
) -> None:
    told = tell(connection, count=2)
    routines.register_consumer(connection, "mailer")
    old = connect(autocommit=False)
    old.execute(f"set transaction isolation level {level}".encode())
    value(old, "select 1")
    assert claim(connection, limit=1) == told[:1]
    with pytest.raises(psycopg.errors.SerializationFailure):
        claim(old)
    old.rollback()
    assert settle(connection, told[:1]) == 1
    assert drain(connection) == told[1:]


def test_what_a_transaction_awards_around_its_own_claim_comes_once(
    connection: Connection, connect: Connect
) -> None:
    routines.register_consumer(connection, "mailer")
    working = connect(autocommit=False)
    before = tell(working, ANN)
    other = tell(connection, BEN)
    assert claim(working) == other
    after = tell(working, ANN)
    assert claim(working) == []
    settle(working, other)
    working.commit()
    assert drain(connection) == [*before, *after]
    assert drain(connection) == []


def test_who_registers_while_others_write_gets_what_commits_later(
    connection: Connection, connect: Connect
) -> None:
    writing, registering = connect(autocommit=False), connect(autocommit=False)
    value(writing, "select pg_current_xact_id()::text")
    value(registering, "select pg_current_xact_id()::text")
    tell(connection, BEN)
    now = value(connection, "select clock_timestamp()")
    routines.register_consumer(registering, "mailer", since=now)
    told = tell(registering) + tell(writing, BEN)
    registering.commit()
    writing.commit()
    assert drain(connection) == told


def test_a_claim_takes_in_whole_transactions_until_one_is_wanted(
    connection: Connection, connect: Connect
) -> None:
    """Ten thousand events are looked at a time; the wanted one lies behind more."""
    late = connect(autocommit=False)
    below = tell(late, ANN)
    for _ in range(3):
        tell(connection, BEN, 6000)
    wanted = tell(connection, BEN, event_type="revoked")
    routines.register_consumer(connection, "mailer", ["revoked"])
    assert claim(connection) == wanted
    routines.register_consumer(connection, "auditor")
    assert claim(connection, "auditor", limit=1)
    in_queue = "select count(*) from badges_internal.event_queue where consumer = 'auditor'"
    assert value(connection, in_queue) == 12_000
    assert state(connection, "auditor")["pending"] == 18_000
    late.commit()
    assert state(connection, "auditor")["pending"] == 18_001
    claim(connection, "auditor", limit=1)
    assert value(connection, in_queue) == 18_002
    told = {each["event_id"] for each in rows(connection, "select * from badges.award_events")}
    queued = rows(
        connection, "select event_id from badges_internal.event_queue where consumer = 'auditor'"
    )
    assert {each["event_id"] for each in queued} == told >= set(below)


def test_two_workers_never_get_the_same_event(connection: Connection, connect: Connect) -> None:
    told = tell(connection, ANN, 2) + tell(connection, BEN, 2)
    one, two = connect(autocommit=False), connect()
    routines.register_consumer(connection, "mailer")
    assert claim(one, limit=2) == told[:2]
    waiting = in_background(lambda: claim(two))
    wait_until_blocked(connection, two)
    one.commit()
    assert waiting.result(timeout=20) == told[2:]


def test_nothing_overtakes_an_event_that_is_being_settled(
    connection: Connection, connect: Connect
) -> None:
    first, second = tell(connection, ANN, 2)
    (of_ben,) = tell(connection, BEN)
    claim(connection)
    end_leases(connection)
    slow = connect(autocommit=False)
    settle(slow, [first], "retry")
    assert claim(connection) == [of_ben]
    slow.commit()
    assert claim(connection) == []
    end_leases(connection)
    assert claim(connection)[:2] == [first, second]


def test_a_batch_ends_before_an_event_that_is_being_settled(
    connection: Connection, connect: Connect
) -> None:
    first, second, third = tell(connection, ANN, 3)
    claim(connection)
    end_leases(connection)
    slow = connect(autocommit=False)
    settle(slow, [second], "retry")
    assert claim(connection) == [first]
    slow.commit()
    end_leases(connection)
    assert claim(connection) == [first, second, third]


def test_two_that_settle_the_same_event_queue(connection: Connection, connect: Connect) -> None:
    told = tell(connection, count=2)
    claim(connection)
    one, two = connect(autocommit=False), connect()
    assert settle(one, told[:1], "retry") == 1
    waiting = in_background(lambda: settle(two, told))
    wait_until_blocked(connection, two)
    one.commit()
    assert waiting.result(timeout=20) == 2
    assert count(connection, "badges_internal.event_queue") == 0


def test_workers_that_fail_and_die_give_every_event_in_order(
    connection: Connection, connect: Connect
) -> None:
    people = [person(f"p{n}") for n in range(12)]
    routines.register_consumer(connection, "mailer")
    stop: list[bool] = []
    done: list[int] = []

    def write(own: list[UUID]) -> None:
        # A person's events are written one transaction after another, as their lock has it.
        session = connect(autocommit=False)
        for _ in range(40):
            tell(session, random.choice(own), random.randint(1, 3))
            if random.random() < 0.2:
                session.rollback()
            else:
                session.commit()

    def work() -> None:
        session = connect()
        while True:
            is_last = bool(stop)
            batch = retry(lambda: routines.claim_events(session, "mailer", 7, timedelta(hours=1)))
            if not batch:
                if is_last and count(session, "badges_internal.event_queue") == 0:
                    return
                continue
            failed = set()
            for event in batch:
                who, number = event["peer_mentor_id"], event["event_id"]
                if who in failed:
                    settle(session, [number], "release")
                elif random.random() < 0.2:
                    failed.add(who)
                    routines.settle_events(
                        session, "mailer", [number], "retry", retry_in=timedelta(milliseconds=1)
                    )
                else:
                    done.append(number)
                    assert settle(session, [number]) == 1

    writers = [in_background(partial(write, people[n::2])) for n in range(2)]
    workers = [in_background(work) for _ in range(3)]
    for each in writers:
        each.result(timeout=30)
    stop.append(True)
    for each in workers:
        each.result(timeout=30)
    told = rows(connection, "select event_id, peer_mentor_id from badges.award_events")
    assert sorted(done) == sorted(each["event_id"] for each in told)
    owner = {each["event_id"]: each["peer_mentor_id"] for each in told}
    order = defaultdict(list)
    for number in done:
        order[owner[number]].append(number)
    assert all(numbers == sorted(numbers) for numbers in order.values())


def test_ten_thousand_awards_of_one_statement_all_come(connection: Connection) -> None:
    apply(connection, rule_set({"first": {"type": "threshold", "at_least": 1}}))
    connection.execute(
        "insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at)"
        " select 'nhf', md5(n::text)::uuid, 'call', '2026-03-01 12:00+00'"
        " from generate_series(1, 10000) as n"
    )
    came = drain(connection, limit=1000)
    assert len(came) == len(set(came)) == 10_000


def test_an_award_is_claimed_by_who_inserted_the_activity_elsewhere(
    connection: Connection, connect: Connect
) -> None:
    apply(connection, rule_set({"first": {"type": "threshold", "at_least": 1}}))
    session = connect(autocommit=False)
    insert(session, activity("2026-03-01"))
    assert claim(connection) == []
    session.commit()
    assert len(claim(connection)) == 1


def restore(connection: Connection, by: int = 10**9) -> None:
    """Make the database one that was dumped in a cluster whose transactions had come further."""
    connection.execute(
        "update badges.award_events"
        " set transaction_id = (transaction_id::text::bigint + %(by)s)::text::xid8",
        {"by": by},
    )
    connection.execute(
        "update badges_internal.event_consumers set system_identifier = 1, taken_upto ="
        " format('%%s:%%s:%%s', pg_snapshot_xmin(taken_upto)::text::bigint + %(by)s,"
        "  pg_snapshot_xmax(taken_upto)::text::bigint + %(by)s,"
        "  (select string_agg((running::text::bigint + %(by)s)::text, ',' order by running)"
        "   from pg_snapshot_xip(taken_upto) as running))::pg_snapshot",
        {"by": by},
    )


@pytest.mark.parametrize("by", [10**9, 0])
def test_consumers_go_on_after_a_restore_into_another_cluster(
    connection: Connection, connect: Connect, by: int
) -> None:
    late = connect(autocommit=False)
    open_then = tell(late, ANN)
    taken = tell(connection, BEN, 3)
    assert claim(connection, "auditor") == taken
    assert drain(connection) == taken
    late.commit()
    untaken = tell(connection, BEN, 2)
    restore(connection, by)
    new = tell(connection, BEN, 2)
    assert drain(connection) == [*open_then, *untaken, *new]
    newer = tell(connection, BEN)
    assert drain(connection) == newer
    settle(connection, taken, consumer="auditor")
    assert drain(connection, "auditor") == [*open_then, *untaken, *new, *newer]


@pytest.mark.parametrize("has_consumer", [True, False])
def test_who_registers_after_a_restore_gets_every_event_once(
    connection: Connection, has_consumer: bool
) -> None:
    told = tell(connection, ANN, 3)
    if has_consumer:
        assert drain(connection) == told
    restore(connection)
    told += tell(connection, ANN)
    assert drain(connection, "auditor") == told
    now = value(connection, "select clock_timestamp()")
    routines.register_consumer(connection, "later", since=now)
    told = tell(connection, ANN)
    assert drain(connection, "auditor") == told
    assert drain(connection, "later") == told


def test_a_transaction_does_not_take_a_restored_event_for_its_own(connection: Connection) -> None:
    apply(connection, rule_set({"first": {"type": "threshold", "at_least": 1}}))
    insert(connection, activity("2026-03-01"))
    with connection.transaction():
        connection.execute("update badges.award_events set transaction_id = pg_current_xact_id()")
        assert routines.new_badges(connection) == []
        insert(connection, activity("2026-03-01", who=BEN))
        assert [each["peer_mentor_id"] for each in routines.new_badges(connection)] == [BEN]
