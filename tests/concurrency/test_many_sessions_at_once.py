from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from pgmerit.database import Connection, retry
from psycopg.types.json import Jsonb

from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    assert_exact,
    awards,
    badge_ids,
    in_background,
    insert,
    moment,
    person,
    rows,
    rule_set,
    until,
    value,
    wait_until_blocked,
    without_badges,
)
from tests.snapshot.recount import assert_equals_a_recount
from tests.snapshot.rules import CRITERIA, DOCUMENT, OTHER_ORG

Opening = Callable[..., Connection]
FIRST = {"type": "threshold", "activity": "call", "at_least": 1}
PEOPLE = sorted(person(f"p{n}") for n in range(40))


def test_eight_evaluations_at_once_give_one_award_and_one_event(
    connection: Connection, connect: Opening
) -> None:
    apply(connection, rule_set({"first": FIRST}))
    insert(connection, activity("2026-03-01"))
    connection.execute("delete from badges.earned_badges")
    connection.execute("delete from badges.award_events")
    sessions = [connect() for _ in range(8)]
    together = threading.Barrier(8)

    def evaluate(session: Connection) -> list[Any]:
        together.wait(timeout=20)
        return rows(session, "select * from badges.evaluate_badges(%s, %s)", ANN, ORG)

    works = [in_background(lambda each=each: evaluate(each)) for each in sessions]  # type: ignore[misc]
    told = [work.result(timeout=20) for work in works]
    assert sorted(len(each) for each in told) == [0] * 7 + [1]
    assert badge_ids(connection) == ["first"]
    events = rows(connection, "select event_type from badges.award_events")
    assert [each["event_type"] for each in events] == ["awarded"]
    assert_exact(connection)


def test_opposite_orders_in_one_statement_do_not_deadlock(
    connection: Connection, connect: Opening
) -> None:
    """The second holds the last person, then wants the first; the first waits for the last."""
    apply(connection, rule_set({"first": FIRST}))
    insert(connection, *[activity("2026-02-01", who=each, kind="visit") for each in PEOPLE])
    holder, forwards, backwards = (connect(autocommit=False) for _ in range(3))
    insert(holder, activity("2026-03-01", who=PEOPLE[20]))
    works = []
    for session, order in ((forwards, PEOPLE), (backwards, PEOPLE[::-1])):
        chosen = [activity("2026-03-02", who=each) for each in order]
        works.append(in_background(lambda s=session, c=chosen: insert(s, *c)))  # type: ignore[misc]
        wait_until_blocked(connection, session)
    holder.commit()
    until(lambda: any(work.done() for work in works))
    for work, session in sorted(
        zip(works, (forwards, backwards), strict=True), key=lambda pair: not pair[0].done()
    ):
        assert work.result(timeout=20) == []
        session.commit()
    assert badge_ids(connection) == ["first"] * 40
    assert_exact(connection)


@pytest.mark.parametrize("what", ["update", "delete"])
def test_nor_do_changes_and_inserts_of_the_same_people(
    connection: Connection, connect: Opening, what: str
) -> None:
    """Only the base rows of the engine are compared here: the activities differ."""
    apply(connection, rule_set({"first": FIRST}))
    insert(connection, *[activity("2026-02-01", who=each, key="old") for each in PEOPLE])
    chance = random.Random(1)

    def change() -> None:
        with connect(autocommit=True) as session:
            for _ in range(15):
                if what == "update":
                    session.execute("update badges.activities set quantity = quantity + 1")
                else:
                    session.execute(
                        "delete from badges.activities where activity_id % 7 = 3"
                        " and idempotency_key is null"
                    )

    def add() -> None:
        with connect(autocommit=True) as session:
            for n in range(15):
                mixed = chance.sample(PEOPLE, len(PEOPLE))
                day = moment("2026-03-01") + timedelta(days=n)
                insert(session, *[activity(day, who=each) for each in mixed])

    works = [in_background(change), in_background(add)]
    for work in works:
        work.result(timeout=60)
    assert_exact(connection)
    assert_equals_a_recount(connection)


def test_workers_with_shared_people_end_exact(connection: Connection, connect: Opening) -> None:
    apply(connection, DOCUMENT)

    def work(seed: int) -> None:
        chance = random.Random(seed)
        with connect(autocommit=True) as session:
            for _ in range(12):
                people = chance.sample(PEOPLE[:6], chance.randint(1, 6))
                chosen = [
                    activity(
                        moment("2026-03-01") + timedelta(hours=chance.randrange(900)),
                        who=each,
                        org=chance.choice([ORG, OTHER_ORG]),
                        kind=chance.choice(["call", "visit"]),
                        attributes={"kind": chance.choice("abc"), "minutes": 5, "level": 2},
                    )
                    for each in people
                ]
                retry(lambda c=chosen: insert(session, *c))  # type: ignore[misc]

    works = [in_background(lambda n=n: work(n)) for n in range(4)]  # type: ignore[misc]
    for each in works:
        each.result(timeout=60)
    assert_equals_a_recount(connection)
    assert_exact(connection)


def test_writers_run_through_a_whole_apply(connection: Connection, connect: Opening) -> None:
    """Versions come and go while people, old and new, are written by plain sessions."""
    apply(connection, without_badges(DOCUMENT))
    stop = threading.Event()
    written = [0, 0]

    def write(seed: int) -> None:
        chance = random.Random(seed)
        with connect(autocommit=True) as session:
            while not stop.is_set():
                chosen = [
                    activity(
                        moment("2026-03-01") + timedelta(hours=chance.randrange(600)),
                        who=chance.choice(PEOPLE),
                        org=chance.choice([ORG, OTHER_ORG]),
                        kind=chance.choice(["call", "visit"]),
                        quantity=chance.randint(0, 3),
                        attributes={"kind": chance.choice("abc"), "minutes": 5, "level": 2},
                    )
                    for _ in range(chance.choice([1, 1, 1, 4]))
                ]
                retry(lambda c=chosen: insert(session, *c))  # type: ignore[misc]
                written[seed] += 1

    works = [in_background(lambda n=n: write(n)) for n in range(2)]  # type: ignore[misc]
    until(lambda: min(written) > 3)
    slugs = sorted(CRITERIA)
    for chosen in (slugs[:4], slugs[:12], slugs[:3], slugs):
        document = rule_set({slug: CRITERIA[slug] for slug in chosen}, DOCUMENT["organizations"])
        apply(connection, document, batch=5)
        seen = list(written)
        until(lambda seen=seen: all(now > then for now, then in zip(written, seen, strict=True)))
    stop.set()
    for each in works:
        each.result(timeout=60)
    assert (
        value(
            connection,
            "select count(*) from badges.peer_mentor_stats as held"
            " join badges.organizations using (org_id) where stat = '*'"
            " and held.rule_set_version <> organizations.rule_set_version",
        )
        == 0
    )
    assert_equals_a_recount(connection)
    assert rows(connection, "select * from badges.verify_stats()") == []
    assert rows(connection, "select * from badges.verify_awards()") == []


@pytest.mark.parametrize("who", [ANN, BEN], ids=["old person", "new person"])
@pytest.mark.parametrize("level", ["read committed", "repeatable read", "serializable"])
def test_a_session_that_began_before_the_apply_ends_right_or_with_40001(
    connection: Connection, connect: Opening, level: str, who: UUID
) -> None:
    document = rule_set({"first": FIRST, "daily": {"type": "streak", "unit": "day", "length": 2}})
    apply(connection, without_badges(document))
    insert(connection, activity("2026-03-01"))
    session = connect()
    session.execute(f"begin isolation level {level}".encode())
    session.execute("select count(*) from badges.activities")
    value(session, "select pg_current_xact_id()::text")
    work = in_background(lambda: apply(connect(), document))
    until(lambda: bool(rows(connection, "select from badges.rule_sets where version = 2")))
    until(lambda: badge_ids(connection, ANN) == ["first"])
    chosen = [activity("2026-03-02", who=who), activity("2026-03-03", who=who)]
    try:
        insert(session, *chosen)
        assert not work.done()
        session.execute("commit")
    except psycopg.errors.SerializationFailure:
        session.execute("rollback")
        assert level != "read committed"
        insert(session, *chosen)
    work.result(timeout=30)
    assert badge_ids(connection, who) == ["daily", "first"]
    assert badge_ids(connection, ANN)[-1:] == ["first"]
    assert_equals_a_recount(connection)
    assert_exact(connection)


def test_an_apply_waits_for_a_transaction_that_evaluated(
    connection: Connection, connect: Opening
) -> None:
    """And others record beside it while it waits."""
    document = rule_set({"first": FIRST})
    apply(connection, without_badges(document))
    session = connect(autocommit=False)
    insert(session, activity("2026-03-01"))
    applying = connect()
    work = in_background(lambda: apply(applying, document))
    wait_until_blocked(connection, applying)
    insert(connection, activity("2026-02-01", who=BEN))
    insert(session, activity("2026-03-02"))
    assert not rows(connection, "select from badges.rule_sets where version = 2")
    assert not work.done()
    session.commit()
    work.result(timeout=30)
    assert {each["earned_at"] for each in awards(connection)} == {
        moment("2026-03-01"),
        moment("2026-02-01"),
    }
    assert_exact(connection)


def test_a_statement_sees_one_version_of_the_rules(
    connection: Connection, connect: Opening
) -> None:
    """Odd versions ask two calls, even ones three: each award has its own version's number."""
    documents = [
        rule_set({"calls": {"type": "threshold", "activity": "call", "at_least": number}})
        for number in (2, 3)
    ]
    apply(connection, documents[0])
    is_over = threading.Event()

    def write(name: str) -> int:
        with connect(autocommit=True) as session:
            for number in itertools.count():
                if is_over.is_set():
                    return number
                people = [person(f"{name} {number} {each}") for each in range(60)]
                insert(session, *[activity("2026-03-01", who=each) for each in people * 3])
        return 0

    works = [in_background(lambda n=n: write(n)) for n in "abc"]  # type: ignore[misc]
    with connect(autocommit=True) as session:
        for number in range(1, 11):
            value(session, "select badges.apply_rule_set(%s)", Jsonb(documents[number % 2]))
    is_over.set()
    assert all(each.result(timeout=30) for each in works)
    wrong = rows(
        connection,
        """
        select rule_set_version, threshold
        from badges.earned_badges
        where threshold <> 3 - mod(rule_set_version, 2)
        """,
    )
    assert wrong == []
    versions = rows(connection, "select distinct rule_set_version from badges.earned_badges")
    assert len(versions) > 5


@pytest.mark.parametrize("who", [ANN, BEN], ids=["old person", "new person"])
@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
@pytest.mark.parametrize("size", [1, 2])
def test_a_session_that_only_read_before_the_apply_is_refused(
    connection: Connection, connect: Opening, size: int, level: str, who: UUID
) -> None:
    """It has no transaction id to wait for: what it sees of the rules is too old to write by."""
    document = rule_set({"first": FIRST})
    apply(connection, without_badges(document))
    insert(connection, activity("2026-03-01"))
    session = connect()
    session.execute(f"begin isolation level {level}".encode())
    session.execute("select count(*) from badges.activities")
    apply(connection, document)
    chosen = [activity("2026-03-02", who=who)] * size
    with pytest.raises(psycopg.errors.SerializationFailure):
        insert(session, *chosen)
    session.execute("rollback")
    insert(session, *chosen)
    assert badge_ids(connection, who) == ["first"]
    assert_exact(connection)


def test_some_people_beside_all_of_them_do_not_deadlock(
    connection: Connection, connect: Opening
) -> None:
    """Without an order of its own, a statement takes its rows as a hash table gives them."""
    apply(connection, rule_set({"first": FIRST}))
    people = [person(f"p{n}") for n in range(300)]
    insert(connection, *[activity("2026-02-01", who=each, kind="visit") for each in people])

    def work(size: int, seed: int) -> None:
        chance = random.Random(seed)
        with connect(autocommit=True) as session:
            for n in range(2 * 300 // size if size < 300 else 4):
                day = moment("2026-03-01") + timedelta(days=n)
                chosen = chance.sample(people, size)
                insert(session, *[activity(day, who=each) for each in chosen])

    works = [in_background(lambda s=s: work(s, s)) for s in (300, 60, 61, 300)]  # type: ignore[misc]
    for each in works:
        each.result(timeout=60)
    assert_exact(connection)


@pytest.mark.parametrize("count", [1, 2], ids=["one row", "two rows"])
def test_an_insert_that_waits_for_its_person_holds_no_other_row(
    connection: Connection, connect: Opening, count: int
) -> None:
    apply(connection, rule_set({"first": FIRST}))
    insert(connection, *(activity("2026-03-01", who=each) for each in (ANN, *PEOPLE)))
    connection.execute("analyze badges.peer_mentor_stats")
    # Ann's base row stands behind her others in the table, as where a new version wrote it.
    connection.execute(
        "create temp table base as"
        " select * from badges.peer_mentor_stats where peer_mentor_id = %s and stat = '*'",
        (ANN,),
    )
    connection.execute(
        "delete from badges.peer_mentor_stats where peer_mentor_id = %s and stat = '*'", (ANN,)
    )
    connection.execute("insert into badges.peer_mentor_stats select * from base")
    holder, writer = connect(autocommit=False), connect()
    hers = "select from badges.peer_mentor_stats where peer_mentor_id = %s"
    holder.execute(f"{hers} and stat = '*' for no key update".encode(), (ANN,))
    later = [activity(f"2026-03-0{2 + n}") for n in range(count)]
    work = in_background(lambda: insert(writer, *later))
    wait_until_blocked(connection, writer)
    # Whatever it held now, who holds the person would wait for, and neither could go on.
    holder.execute(f"{hers} for no key update nowait".encode(), (ANN,))
    holder.commit()
    work.result(timeout=20)
    assert_exact(connection)
