"""Verification: the snapshot and the awards against a recomputation from the activities."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import ceil
from queue import SimpleQueue
from threading import Event
from typing import Any
from uuid import UUID

from psycopg import errors

from pgmerit import routines
from pgmerit.database import Connection, connect_alike, retry
from pgmerit.errors import PgmeritError, StoppedError

# An even share of the ids is a slice, of so much of the tables that one's statements sort and hash
# in memory. Where there is little to look at, planning a slice's statements is most of the work.
_SLICE_BYTES = 16 << 20
_LITTLE_BYTES = 8 << 20
_SIZE = """
select sum(pg_table_size(looked_at.name))::bigint as bytes
from unnest(array[
    'badges.activities', 'badges.peer_mentor_stats', 'badges.earned_badges',
    'badges_internal.stat_elements'
]::regclass[]) as looked_at (name)
"""

# The slices are worked off beside each other: the server works, we wait.
_SESSIONS = 2

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Difference:
    """One thing that is not as the activities say.

    `kind` is `stats` or `award`; `subject` names the stat and its bucket, or the badge with its
    tier and occurrence; `problem` the column of the stats row, `row` or `element VALUE`, or what is
    wrong with the award: `missing`, `unsupported`, `date_too_late`, `date_too_early` or
    `without_place`. `stored` and `expected` are None where there is nothing.
    """

    peer_mentor_id: UUID
    org_id: str
    kind: str
    subject: str
    problem: str
    stored: str | None = None
    expected: str | None = None


@dataclass(frozen=True)
class Repair:
    """What a repair did: the people built anew, and the differences mended and left."""

    people: int
    mended: list[Difference]
    left: list[Difference]


def find_differences(
    connection: Connection,
    peer_mentor_id: UUID | None = None,
    sample: float | None = None,
    progress: Progress = lambda steps: None,
) -> list[Difference]:
    """List every difference, of one person, a share of the people, or everybody.

    Reads only, one snapshot for each slice of the people, in a second session too where the server
    lets one in; all people are one slice where there is little to look at. Calls `progress` with
    the percentage that is done anew.
    """
    slices = [(peer_mentor_id, peer_mentor_id)] if peer_mentor_id else _slices(connection)
    if len(slices) == 1:
        found = list(_differences(connection, *slices[0], sample))
        progress(100)
    else:
        with _sessions(connection) as sessions:
            found = _of_everybody(sessions, slices, sample, progress)
    return sorted(found, key=_person_and_org)


def _slices(connection: Connection) -> list[tuple[UUID, UUID]]:
    """Divide the people by their ids: first and last of each slice."""
    row = connection.execute(_SIZE.encode()).fetchone()
    size = row["bytes"] if row else 0
    # As many for each session, so that none works on a last one alone.
    each = ceil(size / _SLICE_BYTES / _SESSIONS)
    count = 1 if size < _LITTLE_BYTES else each * _SESSIONS
    bounds = [(number << 128) // count for number in range(count + 1)]
    return [(UUID(int=first), UUID(int=after - 1)) for first, after in pairwise(bounds)]


def _of_everybody(
    sessions: list[Connection],
    slices: list[tuple[UUID, UUID]],
    sample: float | None,
    progress: Progress,
) -> list[Difference]:
    """Look at all slices, each in the session that is free next."""
    stopping = Event()
    free: SimpleQueue[Connection] = SimpleQueue()
    for session in sessions:
        free.put(session)

    def look(first: UUID, last: UUID) -> list[Difference]:
        session = free.get()
        try:
            return [] if stopping.is_set() else list(_differences(session, first, last, sample))
        finally:
            free.put(session)

    found: list[Difference] = []
    with ThreadPoolExecutor(len(sessions)) as pool:
        try:
            looks = [pool.submit(look, first, last) for first, last in slices]
            for done in as_completed(looks):
                found += done.result()
                progress(100 / len(slices))
        except BaseException:
            stopping.set()
            pool.shutdown(wait=False, cancel_futures=True)
            # A cancel that comes between two statements is lost: again until nobody works.
            while free.qsize() < len(sessions):
                for session in sessions:
                    session.cancel()
                time.sleep(0.05)
            raise
    return found


@contextmanager
def _sessions(connection: Connection) -> Iterator[list[Connection]]:
    """Give the connection and others like it, as many as the server lets in."""
    others: list[Connection] = []
    try:
        with suppress(PgmeritError):
            for _ in range(1, _SESSIONS):
                others.append(connect_alike(connection))
        yield [connection, *others]
    finally:
        for other in others:
            other.close()


def record(
    connection: Connection,
    differences: int,
    people_waiting: int,
    seconds: float,
    scope: str = "all",
) -> str | None:
    """Keep the result in a transaction of its own and raise or clear alert drift_found.

    `scope` is `all` or says who was looked at. Gives the reason when the server takes no writes or
    the role may not: that is no failure of the verification.
    """
    try:
        retry(
            lambda: routines.record_verification(
                connection, differences, people_waiting, round(seconds * 1000), scope
            )
        )
    except (errors.ReadOnlySqlTransaction, errors.InsufficientPrivilege) as refused:
        return refused.diag.message_primary
    return None


def repair(
    connection: Connection,
    differences: Iterable[Difference],
    progress: Progress = lambda steps: None,
) -> Repair:
    """Rebuild and evaluate the people that differ, each in a transaction, and look again.

    Calls `progress` with the number of people done.
    """
    found = sorted(dict.fromkeys(differences), key=_person_and_org)
    people = 0
    total = len({each.peer_mentor_id for each in found})
    for peer_mentor_id, of_person in groupby(found, key=lambda each: each.peer_mentor_id):
        org_ids = sorted({each.org_id for each in of_person})
        try:
            _mend(connection, peer_mentor_id, org_ids)
        except KeyboardInterrupt as stop:
            told = f"stopped: {people} of {total} people are repaired, one more perhaps"
            raise StoppedError(f"{told}; `pgmerit verify --repair` goes on") from stop
        people += 1
        progress(1)
    left = _still_different(connection, {each.peer_mentor_id for each in found})
    return Repair(people, [each for each in found if each not in set(left)], left)


def _mend(connection: Connection, peer_mentor_id: UUID, org_ids: list[str]) -> None:
    def work() -> None:
        with connection.transaction():
            routines.rebuild_stats(connection, peer_mentor_id)
            for org_id in org_ids:
                routines.evaluate_badges(connection, peer_mentor_id, org_id)

    retry(work)


def _still_different(connection: Connection, people: set[UUID]) -> list[Difference]:
    left: list[Difference] = []
    for _, members in groupby(sorted(people), key=lambda person: person.int >> 124):
        of_slice = list(members)
        differences = _differences(connection, of_slice[0], of_slice[-1], None)
        left += [each for each in differences if each.peer_mentor_id in people]
    return left


def _differences(
    connection: Connection, first: UUID, last: UUID, sample: float | None
) -> Iterator[Difference]:
    with _one_snapshot(connection):
        stats = routines.verify_stats(connection, None, first, last, sample)
        awards = routines.verify_awards(connection, None, first, last, sample)
    for row in stats:
        bucket = f" {row['bucket']}" if row["bucket"] else ""
        yield _difference(row, "stats", f"{row['stat']}{bucket}", row["measure"])
    for row in awards:
        tier = f" {row['tier']}" if row["tier"] else ""
        occurrence = f" #{row['occurrence']}" if row["occurrence"] > 1 else ""
        subject = f"{row['badge_definition_id']}{tier}{occurrence}"
        yield _difference(row, "award", subject, row["problem"])


def _difference(row: dict[str, Any], kind: str, subject: str, problem: str) -> Difference:
    return Difference(
        row["peer_mentor_id"],
        row["org_id"],
        kind,
        subject,
        problem,
        row["stored"],
        row["expected"],
    )


def _person_and_org(difference: Difference) -> tuple[UUID, str]:
    return difference.peer_mentor_id, difference.org_id


@contextmanager
def _one_snapshot(connection: Connection) -> Iterator[None]:
    """Read in one read-only transaction whose statements all see the same moment."""
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        yield
