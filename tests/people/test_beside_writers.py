"""Erasures and merges beside writers, sweeps and consumers: either comes first, whole."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest
from pgmerit.database import Connection

from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    awards,
    badge_ids,
    in_background,
    insert,
    person,
    rows,
    rule_set,
    value,
    wait_until_blocked,
)
from tests.people.test_no_table_forgets_a_person import naming

Opening = Callable[..., Connection]
RULES = rule_set(
    {
        "first": {"type": "threshold", "at_least": 1},
        "third": {"type": "threshold", "activity": "call", "at_least": 3},
        "both": {
            "type": "all_of",
            "criteria": [
                {"type": "threshold", "activity": "call", "at_least": 2},
                {"type": "threshold", "activity": "visit", "at_least": 1},
            ],
        },
        "month": {"type": "tenure", "months": 1},
        "pioneer": {
            "name": "Pioneer",
            "limit": {"first": 9},
            "criteria": {"type": "threshold", "at_least": 99},
        },
    }
)
ERASE = "select badges.erase_peer_mentor(%s)"
MERGE = "select badges.merge_peer_mentors(%s, %s)"


def _ruled(connection: Connection) -> None:
    apply(connection, RULES)
    connection.execute("select badges.register_consumer('relay')")
    insert(
        connection,
        *[activity(f"2026-03-0{n}") for n in (1, 2)],
        *[activity(f"2026-03-0{n}", who=BEN, kind="visit") for n in (3, 4)],
    )


PREPARED = {"ruled": _ruled}


@pytest.fixture
def ruled(connection: Connection) -> Connection:
    """Two people with activities and awards."""
    return connection


def begun(session: Connection) -> Connection:
    """Begin a transaction."""
    session.execute("begin")
    return session


def assert_exact(connection: Connection) -> None:
    """Fail unless snapshot and awards equal a recomputation."""
    for what in ("stats", "awards"):
        assert rows(connection, f"select * from badges.verify_{what}()") == []


def counted(connection: Connection, who: UUID) -> int:
    """Give how many activities of a person are kept."""
    found: int = value(
        connection, "select count(*) from badges.activities where peer_mentor_id = %s", who
    )
    return found


@pytest.mark.parametrize("size", [1, 3, 31])
def test_a_writer_who_waited_for_an_erasure_begins_anew(
    ruled: Connection, connect: Opening, size: int
) -> None:
    erasing, writing = begun(connect()), connect()
    value(erasing, ERASE, ANN)
    calls = [activity(f"2026-04-{n % 28 + 1:02}") for n in range(size)]
    waiting = in_background(lambda: insert(writing, *calls))
    wait_until_blocked(ruled, writing)
    erasing.execute("commit")
    waiting.result(timeout=20)
    assert counted(ruled, ANN) == size
    assert badge_ids(ruled, ANN) == (["first", "third"] if size > 1 else ["first"])
    assert {each["earned_at"].month for each in awards(ruled, ANN)} == {4}
    assert_exact(ruled)


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_an_erasure_that_waited_for_a_writer_takes_what_it_brought(
    ruled: Connection, connect: Opening, end: str
) -> None:
    writing, erasing = begun(connect()), connect()
    insert(writing, activity("2026-04-01"), activity("2026-04-01", kind="visit"))
    waiting = in_background(lambda: value(erasing, ERASE, ANN))
    wait_until_blocked(ruled, erasing)
    writing.execute(end.encode())
    removed = waiting.result(timeout=20)["removed"]
    assert removed["badges.activities"] == (4 if end == "commit" else 2)
    assert naming(ruled, ANN) == set()
    assert_exact(ruled)


def test_an_erasure_takes_what_came_to_another_organization_while_it_waited(
    connection: Connection, connect: Opening
) -> None:
    apply(
        connection, rule_set({"first": {"type": "threshold", "at_least": 1}}, {ORG: {}, "hlf": {}})
    )
    insert(connection, activity("2026-03-01"))
    writing, erasing = begun(connect()), connect()
    insert(writing, activity("2026-04-01"))
    insert(writing, activity("2026-04-01", org="hlf"))
    waiting = in_background(lambda: value(erasing, ERASE, ANN))
    wait_until_blocked(connection, erasing)
    writing.execute("commit")
    waiting.result(timeout=20)
    assert naming(connection, ANN) == set()


@pytest.mark.parametrize(
    "waits",
    [
        "select badges.award_due_badges()",
        f"select count(*) from badges.evaluate_badges('{ANN}', '{ORG}')",
        "select badges_internal._hand_out_places('tests', now())",
    ],
    ids=["sweep", "evaluation", "places"],
)
def test_what_waited_for_an_erasure_to_look_at_somebody_leaves_nothing(
    ruled: Connection, connect: Opening, waits: str
) -> None:
    ruled.execute(
        "insert into badges_internal.place_claims values (%s, %s, 'pioneer', '', now())",
        (ANN, ORG),
    )
    erasing, looking = begun(connect()), connect()
    value(erasing, ERASE, ANN)
    waiting = in_background(lambda: value(looking, waits))
    wait_until_blocked(ruled, looking)
    erasing.execute("commit")
    waiting.result(timeout=20)
    assert naming(ruled, ANN) == set()
    assert_exact(ruled)


@pytest.mark.parametrize("first", ["erasing", "claiming"])
def test_no_consumer_gets_an_event_of_who_was_erased(
    ruled: Connection, connect: Opening, first: str
) -> None:
    """However the two meet: what is claimed afterwards is others' alone, and no row is left."""
    erasing, claiming = begun(connect()), begun(connect())
    claim = "select peer_mentor_id from badges.claim_events('relay')"
    if first == "erasing":
        value(erasing, ERASE, ANN)
        waiting = in_background(lambda: rows(claiming, claim))
        wait_until_blocked(ruled, claiming)
        erasing.execute("commit")
        assert {each["peer_mentor_id"] for each in waiting.result(timeout=20)} == {BEN}
        claiming.execute("commit")
    else:
        assert {each["peer_mentor_id"] for each in rows(claiming, claim)} == {ANN, BEN}
        erased = in_background(lambda: value(erasing, ERASE, ANN))
        wait_until_blocked(ruled, erasing)
        claiming.execute("commit")
        erased.result(timeout=20)
        erasing.execute("commit")
        events = rows(ruled, "select event_id from badges_internal.event_queue")
        # The relay settles what it had claimed: nothing is there any more.
        settle = "select badges.settle_events('relay', array[1, 2]::bigint[], 'retry')"
        assert value(ruled, settle) == len([each for each in events if each["event_id"] < 3])
    assert naming(ruled, ANN) == set()


@pytest.mark.parametrize(
    "step",
    [
        "select badges.mark_seen('{ann}', 'nhf', array[badges.derive_idempotency_key("
        "'{ann}', (array['first', 'third'])[{n}], 'nhf')])",
        "select badges.settle_events('relay', array[{n}]::bigint[], 'retry')",
    ],
    ids=["shown", "settled"],
)
def test_who_takes_rows_one_after_another_is_no_deadlock(
    ruled: Connection, connect: Opening, step: str
) -> None:
    """Rows lie in the other order on disk, and the erasure reads them as they lie."""
    insert(ruled, activity("2026-03-20"))
    ruled.execute("select badges.claim_events('relay')")
    events = rows(
        ruled,
        "select event_id from badges.award_events where peer_mentor_id = %s"
        " and badge_definition_id in ('first', 'third') order by event_id",
        ANN,
    )
    numbers = [1, 2] if "mark_seen" in step else [each["event_id"] for each in events]
    for table, first in (
        ("badges_internal.event_queue", f"event_id = {events[0]['event_id']}"),
        ("badges.earned_badges", "badge_definition_id = 'first'"),
    ):
        mine = f"peer_mentor_id = '{ANN}'"
        last = f"select ctid = (select max(ctid) from {table} where {mine}) from {table}"
        rewrite = f"update {table} set peer_mentor_id = peer_mentor_id where {mine} and {first}"
        while not value(ruled, f"{last} where {mine} and {first}"):
            ruled.execute(rewrite.encode())
    taking, erasing = begun(connect()), connect()
    for scan in ("indexscan", "indexonlyscan", "bitmapscan"):
        erasing.execute(f"set enable_{scan} = off".encode())
    assert value(taking, step.format(ann=ANN, n=numbers[0])) == 1
    erased = in_background(lambda: value(erasing, ERASE, ANN))
    wait_until_blocked(ruled, erasing)
    assert value(taking, step.format(ann=ANN, n=numbers[1])) == 1
    taking.execute("commit")
    erased.result(timeout=20)
    assert naming(ruled, ANN) == set()


@pytest.mark.parametrize("who", [ANN, BEN], ids=["from", "into"])
def test_a_merge_beside_an_insert_is_exact(ruled: Connection, connect: Opening, who: UUID) -> None:
    merging, writing = begun(connect()), connect()
    value(merging, MERGE, ANN, BEN)
    waiting = in_background(lambda: insert(writing, activity("2026-04-01", who=who)))
    wait_until_blocked(ruled, writing)
    merging.execute("commit")
    waiting.result(timeout=20)
    assert_exact(ruled)
    # What came for the first one since is theirs, until it is merged too.
    again = value(ruled, MERGE, ANN, BEN)
    assert again["changed"] is (who == ANN)
    assert (counted(ruled, ANN), counted(ruled, BEN)) == (0, 5)
    assert badge_ids(ruled, BEN) == ["both", "first", "month", "third"]
    assert_exact(ruled)


@pytest.mark.parametrize("who", [ANN, BEN], ids=["from", "into"])
def test_an_insert_beside_a_merge_is_exact(ruled: Connection, connect: Opening, who: UUID) -> None:
    writing, merging = begun(connect()), connect()
    insert(writing, activity("2026-04-01", who=who))
    waiting = in_background(lambda: value(merging, MERGE, ANN, BEN))
    wait_until_blocked(ruled, merging)
    writing.execute("commit")
    waiting.result(timeout=20)
    assert (counted(ruled, ANN), counted(ruled, BEN)) == (0, 5)
    assert badge_ids(ruled, BEN) == ["both", "first", "month", "third"]
    assert_exact(ruled)


def test_an_erasure_and_a_merge_wait_for_each_other_in_one_order(
    ruled: Connection, connect: Opening
) -> None:
    """The erasure is held up where it has the person's lock, and the merge comes then."""
    claiming, erasing, merging = begun(connect()), connect(), connect()
    claiming.execute("select badges.claim_events('relay')")
    erased = in_background(lambda: value(erasing, ERASE, BEN))
    wait_until_blocked(ruled, erasing)
    merged = in_background(lambda: value(merging, MERGE, ANN, BEN))
    wait_until_blocked(ruled, merging)
    claiming.execute("commit")
    assert erased.result(timeout=20)["removed"]["badges.activities"] == 2
    assert merged.result(timeout=20)["changed"]
    assert counted(ruled, BEN) == 2
    assert_exact(ruled)


def test_two_merges_at_once_make_no_chain(ruled: Connection, connect: Opening) -> None:
    ruled.execute("select badges.remove_consumer('relay')")  # whose lock would do as well
    first, second = begun(connect()), connect()
    cey, dan = person("cey"), person("dan")  # of whom nothing is kept
    value(first, MERGE, cey, dan)
    waiting = in_background(lambda: value(second, MERGE, dan, ANN))
    wait_until_blocked(ruled, second)
    first.execute("commit")
    waiting.result(timeout=20)
    merged = rows(ruled, "select into_peer_mentor_id from badges_internal.merged_people")
    assert [each["into_peer_mentor_id"] for each in merged] == [ANN, ANN]


@pytest.mark.parametrize("what", [ERASE, MERGE], ids=["erase", "merge"])
def test_a_kill_in_the_middle_changes_nothing(
    ruled: Connection, connect: Opening, what: str
) -> None:
    everything = "select badges.export_person(%s)::jsonb - 'exported_at'"
    before = value(ruled, everything, ANN), value(ruled, everything, BEN)
    killed = begun(connect())
    value(killed, what, *([ANN] if what == ERASE else [ANN, BEN]))
    value(ruled, "select pg_terminate_backend(%s, 10000)", killed.info.backend_pid)
    with pytest.raises(psycopg.OperationalError):
        killed.execute("commit")
    assert (value(ruled, everything, ANN), value(ruled, everything, BEN)) == before
    assert rows(ruled, "select from badges_internal.erasure_receipts") == []
