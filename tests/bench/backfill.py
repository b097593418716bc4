"""What a new badge costs over many activities: plan and apply beside what anybody would have to do.

The floor is one window query that finds who has the badge and since when, and bare inserts of the
rows that the apply wrote. Seconds are those of the backend on a processor, by the scheduler's own
statistics, where the server runs here; else those of the clock.
"""

from __future__ import annotations

import copy
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from statistics import median
from typing import Any

from pgmerit import database
from pgmerit.database import Connection
from pgmerit.rules import versions
from pgmerit.rules.files import load_document

from tests.bench.machine import Machine
from tests.bench.workloads import CLIENTS, COLUMNS, IN_ORDER, INSERT, KINDS, OURS, TABLES

FIRST_FREE_DAY = 3000  # after every activity that the bench gives to people before
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


@dataclass
class Spent:
    """The seconds that a block took on the backend's processor."""

    seconds: float = 0.0


@contextmanager
def spent(connection: Connection) -> Iterator[Spent]:
    """Measure a block: the backend's own seconds, of no other process."""
    taken = Spent()
    begun = _seconds(connection)
    yield taken
    taken.seconds = _seconds(connection) - begun


def _seconds(connection: Connection) -> float:
    statistics = Path(f"/proc/{connection.info.backend_pid}/schedstat")
    if statistics.exists():
        return int(statistics.read_text().split()[0]) / 1e9
    return time.monotonic()


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


def new_badge_figures(connection: Connection, rounds: int = 3) -> dict[str, Any]:
    """Plan the new badge, apply it, and measure the floor of both; it stays applied.

    The activities are there already, and the peer mentors' rule set is the current one. No query
    of either side has workers, whose seconds nobody would count.
    """
    document = new_badge()
    connection.execute("set max_parallel_workers_per_gather = 0")
    query, plan = [], []
    for _ in range(rounds):
        with spent(connection) as taken:
            found = connection.execute(WHO_HAS_IT.encode(), (AT_LEAST,)).fetchall()
        query.append(taken.seconds)
        with spent(connection) as taken:
            planned = versions.plan(connection, document)
        plan.append(taken.seconds)
    with spent(connection) as applying:
        applied = versions.apply(connection, document)
    connection.execute(COPIES.encode())
    bare = []
    for statement in BARE_INSERTS:
        with spent(connection) as taken:
            written = connection.execute(statement.encode(), {"badge": BADGE}).rowcount
        bare.append((written, taken.seconds))
    connection.execute("drop table bench.bare_stats, bench.bare_awards, bench.bare_events")
    connection.execute("reset max_parallel_workers_per_gather")
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
        "apply_to_query_and_inserts": round(applying.seconds / floor, 2),
    }


def _awarded(planned: Mapping[str, Any]) -> int:
    return sum(
        effect["awarded"]["awards"]
        for effect in planned["effects"]
        if effect["badge_definition_id"] == BADGE
    )


def writers_figures(
    machine: Machine, connection: Connection, people: range, *, rounds: int = 3, rate_of: int = 2000
) -> dict[str, float]:
    """Give the rate of single inserts beside a backfill, and beside plans, against alone: medians.

    `people` are numbers of persons that the activities belong to already; `rate_of` is how many
    inserts each of the clients makes for one rate. The three take turns. The new badge is applied
    and taken away again as often as a rate needs, and each time everybody is evaluated.
    """
    ratios: dict[str, list[float]] = {"backfill": [], "plan": []}
    documents = itertools.cycle((new_badge(), _given()))
    steps = 0

    def rate() -> float:
        nonlocal steps
        found = _insert(machine, people, steps, rate_of)
        steps += rate_of
        return found

    def backfill(beside: Connection) -> None:
        versions.apply(beside, next(documents))

    def plan(beside: Connection) -> None:
        versions.plan(beside, new_badge())

    for _ in range(rounds):
        alone = rate()
        for name, work in (("plan", plan), ("backfill", backfill)):
            with _again_and_again(machine, work):
                beside = rate()
            ratios[name].append(beside / alone)
    versions.apply(connection, _given())
    return {name: round(median(found), 2) for name, found in ratios.items()}


@contextmanager
def _again_and_again(machine: Machine, work: Callable[[Connection], None]) -> Iterator[None]:
    """Do some work over and over in another session as long as the block lasts."""
    is_over = threading.Event()

    def run() -> None:
        with database.connect(machine.dsn, autocommit=True) as beside:
            while not is_over.is_set():
                work(beside)

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(run)
        try:
            yield
        finally:
            is_over.set()
            working.result()


def _insert(machine: Machine, people: range, steps: int, transactions: int) -> float:
    """Insert single activities in order by several clients; give how many a second."""
    scripts = [
        (
            IN_ORDER
            + INSERT.format(
                table=TABLES[OURS],
                columns=COLUMNS,
                kind=kind,
                quantity=quantity,
                attributes=attributes,
            ),
            weight,
        )
        for kind, quantity, attributes, weight in KINDS
    ]
    return machine.pgbench(
        scripts,
        transactions,
        clients=CLIENTS,
        durable=False,
        variables={
            "n": steps,
            "block": time.time_ns(),
            "people": len(people),
            "first_person": people.start,
            "first_day": FIRST_FREE_DAY,
            "first_n": 0,
            "inserts_a_day": max(1, len(people) // CLIENTS),
        },
    )


def _given() -> dict[str, Any]:
    with as_file(files("pgmerit.demo") / "rule_sets" / "peer-mentors.yaml") as path:
        return copy.deepcopy(dict(load_document(path).value))
