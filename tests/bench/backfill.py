"""What a new badge costs over many activities: plan and apply beside what anybody would have to do.

The floor is one window query that finds who has the badge and since when, and bare inserts of the
rows that the apply wrote. Seconds are the backend's own on a processor.
"""

from __future__ import annotations

import copy
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.resources import as_file, files
<<<<<<< HEAD
from pathlib import Path
=======
from statistics import median
>>>>>>> measure
from typing import Any

from pgmerit import database
from pgmerit.database import Connection
from pgmerit.rules import versions
from pgmerit.rules.files import load_document

from tests.bench.machine import Machine
<<<<<<< HEAD
from tests.bench.rates import Clients
from tests.bench.single import peer_mentors
from tests.bench.stand import COLUMNS, GROWING, OURS, Line, Scale, Stand, line, stand

HISTORY, GAP = 50, 3  # activities a person, and days between two
CHUNK = 2000  # people whose activities one statement brings
FILL = f"""
insert into {OURS} ({COLUMNS})
select made.*
from generate_series(1, {HISTORY}) as n
cross join generate_series(%s::integer, %s::integer) as person
cross join lateral bench.activity(person, n, date '1998-01-01' + n * {GAP}) as made
"""
=======
from tests.bench.rates import Clients, past
from tests.bench.single import peer_mentors
from tests.bench.stand import BARE, OURS, Line, Scale, Stand, line, stand
from tests.bench.verifying import verified

HISTORY = 50  # activities a person
>>>>>>> measure
BADGE = "at_home"
AT_LEAST = 4
WHO_HAS_IT = """
select peer_mentor_id, org_id, min(occurred_at) as earned_at
from (
    select
        peer_mentor_id, org_id, occurred_at,
        row_number() over (
            partition by peer_mentor_id, org_id, date_trunc('quarter', activity_date)
            order by occurred_at, activity_id
        ) as place
    from badges.activities
    where activity_type = 'assignment'
    and attributes ->> 'kind' = 'home_visit'
) as placed
where place = %s
group by peer_mentor_id, org_id
"""
COPIES = """
create table bench.bare_stats (like badges.peer_mentor_stats including all);
create table bench.bare_awards (like badges.earned_badges including all);
create table bench.bare_events (like badges.award_events including all);
"""
BARE_INSERTS = (
    """
    insert into bench.bare_stats
    select held.*
    from badges.peer_mentor_stats as held
    join badges_internal.milestones as milestone
        on milestone.org_id = held.org_id
        and milestone.stat = held.stat
    where milestone.badge_definition_id = %(badge)s
    """,
    "insert into bench.bare_awards select * from badges.earned_badges"
    " where badge_definition_id = %(badge)s",
    "insert into bench.bare_events overriding system value select * from badges.award_events"
    " where badge_definition_id = %(badge)s",
)


def of_many_activities(machine: Machine, scale: Scale) -> list[Line]:
    """Goals 11, 12 and 15: a new badge, verification, and writers beside them, over millions."""
    activities = (10_000_000 if scale.is_full else 2_000_000) // scale.shrink
    people = activities // HISTORY
    with stand(machine) as place:
        peer_mentors(place)
        past(place, people, 1, (BARE, OURS))
        what = f"{activities / 1e6:.1f} million activities"
        lines = _new_badge(place, what)
        lines += verified(place, what)
        lines += _beside_writers(machine, place, people, scale)
    return lines


def new_badge() -> dict[str, Any]:
    """Give the peer mentors' rule set with one badge more: a new selector, by quarter."""
    document = _given()
    for organization in document["organizations"].values():
        organization["badges"].append(BADGE)
    document["badges"][BADGE] = {
        "name": "At home",
        "criteria": {
            "type": "threshold",
            "activity": "assignment",
            "where": {"kind": "home_visit"},
            "window": "quarter",
            "at_least": AT_LEAST,
        },
    }
    return document


def _new_badge(place: Stand, what: str) -> list[Line]:
    """Plan the new badge, apply it, and measure the floor of both; it stays applied.

    No query of either side has workers, whose seconds nobody would count.
    """
    connection = place.connection
    connection.execute("set max_parallel_workers_per_gather = 0")
    document = new_badge()
    found: list[Any] = []
    planned: dict[str, Any] = {}
    applied: dict[str, Any] = {}

    def ask() -> None:
        found[:] = connection.execute(WHO_HAS_IT.encode(), (AT_LEAST,)).fetchall()

    ask()
    query = place.spent(ask) / 1e6
    plan = place.spent(lambda: planned.update(versions.plan(connection, document))) / 1e6
    apply = place.spent(lambda: applied.update(versions.apply(connection, document))) / 1e6
    connection.execute(COPIES.encode())
    bare = 0.0
    for statement in BARE_INSERTS:
        with connection.cursor() as cursor:
            bare += place.spent(
                lambda statement=statement, cursor=cursor: cursor.execute(  # type: ignore[misc]
                    statement.encode(), {"badge": BADGE}
                )
            )
    connection.execute("drop table bench.bare_stats, bench.bare_awards, bench.bare_events")
    connection.execute("reset max_parallel_workers_per_gather")
<<<<<<< HEAD
    (stats, _), (awards, _), _ = bare
    floor = min(query) + sum(seconds for _, seconds in bare)
    assert len(found) == applied["awarded"] == awards == _awarded(planned)
    return {
        "people_evaluated": applied["evaluated"],
        "awards": awards,
        "snapshot_rows": stats,
        "window_query_seconds": round(min(query), 2),
        "plan_seconds": round(min(plan), 2),
        "plan_to_query": round(min(plan) / min(query), 2),
        "bare_inserts_seconds": round(sum(seconds for _, seconds in bare), 2),
        "apply_seconds": round(applying.seconds, 2),
        "apply_to_floor": round(applying.seconds / floor, 2),
    }
=======
    floor = query + bare / 1e6
    assert len(found) == applied["awarded"] == _awarded(planned)
    note = f"{len(found):,} awards"
    return [
        line(
            11,
            f"plan of a badge with a new selector, {what}",
            [plan / query],
            2,
            "x query",
            note=f"{plan:.1f} s, window query {query:.1f}; {note}",
        ),
        line(
            11,
            f"apply with backfill, {what}",
            [apply / floor],
            3,
            "x query and inserts",
            note=f"{apply:.1f} s, query and bare inserts {floor:.1f}; {note}",
        ),
    ]
>>>>>>> measure


def _awarded(planned: Mapping[str, Any]) -> int:
    return sum(
        effect["awarded"]["awards"]
        for effect in planned["effects"]
        if effect["badge_definition_id"] == BADGE
    )


<<<<<<< HEAD
def of_new_badge(machine: Machine, scale: Scale) -> list[Line]:
    """Goal 11: plan a new badge, and apply it, over two million activities; ten in full."""
    people = (200_000 if scale.is_full else 40_000) // scale.shrink
    with stand(machine) as place:
        peer_mentors(place)
        fill(place, people)
        found = new_badge_figures(place.connection)
    what = f"a new badge over {people * HISTORY:,} activities"
    return [
        line(11, f"{what}: plan", [found["plan_to_query"]], 2, "of the window query"),
        line(11, f"{what}: apply", [found["apply_to_floor"]], 3, "of the query and bare inserts"),
    ]


def of_writers(machine: Machine, scale: Scale) -> list[Line]:
    """Goal 15: writers beside a backfill and beside plans, over a million activities."""
    people = 20_000 // scale.shrink
    with stand(machine) as place:
        peer_mentors(place)
        fill(place, people)
        clients = Clients(machine, place, people)
        found = writers_ratios(place, clients, min(scale.rounds, 5), 20 * scale.block)
    return [
        line(15, f"writers while a {name} runs", found[name], aim, "of alone", at_least=True)
        for name, aim in (("backfill", 0.7), ("plan", 0.8))
    ]


def fill(place: Stand, people: int) -> None:
    """Give people a history, whose statistics are fresh afterwards."""
    for first in range(1, people + 1, CHUNK):
        last = min(people, first + CHUNK - 1)
        place.connection.execute(FILL.encode(), (first, last))
    for table in (OURS, *GROWING):
        place.connection.execute(f"vacuum analyze {table}".encode())


def writers_ratios(
    place: Stand, clients: Clients, rounds: int, transactions: int
) -> dict[str, list[float]]:
    """Give the rate of single inserts beside a backfill, and beside plans, against alone.

    The three take turns. The new badge is applied and taken away again as often as a rate needs,
    and each time everybody is evaluated.
    """
    found: dict[str, list[float]] = {"backfill": [], "plan": []}
    documents = itertools.cycle((new_badge(), _given()))

    def backfill(beside: Connection) -> None:
        versions.apply(beside, next(documents))

    def plan(beside: Connection) -> None:
        versions.plan(beside, new_badge())

    for _ in range(rounds):
        alone = clients.rate(OURS, transactions)
        for name, work in (("plan", plan), ("backfill", backfill)):
            with _again_and_again(place.dsn, work):
                found[name].append(clients.rate(OURS, transactions) / alone)
    return found


@contextmanager
def _again_and_again(dsn: str, work: Callable[[Connection], None]) -> Iterator[None]:
=======
def _beside_writers(machine: Machine, place: Stand, people: int, scale: Scale) -> list[Line]:
    """Insert alone, beside plans and beside backfills, in turns; the badge goes and comes."""
    clients = Clients(machine, place, people)
    documents = itertools.cycle((_given(), new_badge()))
    works: dict[str, Callable[[Connection], Any]] = {
        "a plan": lambda beside: versions.plan(beside, new_badge()),
        "a backfill": lambda beside: versions.apply(beside, next(documents)),
    }
    rates: dict[str, list[float]] = {"alone": [], **{name: [] for name in works}}
    for _ in range(3):
        rates["alone"].append(clients.rate(OURS, 20 * scale.block))
        for name, work in works.items():
            with _again_and_again(place, work):
                rates[name].append(clients.rate(OURS, 20 * scale.block))
    return [
        line(
            15,
            f"four writers while {name} runs",
            [own / alone for own, alone in zip(rates[name], rates["alone"], strict=True)],
            aim,
            "of alone",
            at_least=True,
            note=f"{median(rates[name]):,.0f} a second, alone {median(rates['alone']):,.0f}",
        )
        for name, aim in (("a backfill", 0.7), ("a plan", 0.8))
    ]


@contextmanager
def _again_and_again(place: Stand, work: Callable[[Connection], Any]) -> Iterator[None]:
>>>>>>> measure
    """Do some work over and over in another session as long as the block lasts."""
    is_over = threading.Event()

    def run() -> None:
<<<<<<< HEAD
        with database.connect(dsn, autocommit=True) as beside:
=======
        with database.connect(place.dsn, autocommit=True) as beside:
>>>>>>> measure
            while not is_over.is_set():
                work(beside)

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(run)
        try:
            yield
        finally:
            is_over.set()
            working.result()


def _given() -> dict[str, Any]:
    with as_file(files("pgmerit.demo") / "rule_sets" / "peer-mentors.yaml") as path:
        return copy.deepcopy(dict(load_document(path).value))
