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
from statistics import median
from typing import Any

from pgmerit import database
from pgmerit.database import Connection
from pgmerit.rules import versions
from pgmerit.rules.files import load_document

from tests.bench.machine import Machine
from tests.bench.rates import Clients, past
from tests.bench.single import peer_mentors
from tests.bench.stand import BARE, OURS, Line, Scale, Stand, line, stand
from tests.bench.verifying import verified

HISTORY = 50  # activities a person
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


def _awarded(planned: Mapping[str, Any]) -> int:
    return sum(
        effect["awarded"]["awards"]
        for effect in planned["effects"]
        if effect["badge_definition_id"] == BADGE
    )


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
    """Do some work over and over in another session as long as the block lasts."""
    is_over = threading.Event()

    def run() -> None:
        with database.connect(place.dsn, autocommit=True) as beside:
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
