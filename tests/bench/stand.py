"""A database to measure in, and the backend's own CPU time of statements, a commit each."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from pgmerit import database
from pgmerit.database import Connection
from pgmerit.errors import PgmeritError
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.bench.machine import Machine
from tests.engine import apply, value

BARE, OURS, HAND = "bench.bare_activities", "badges.activities", "bench.hand_activities"
FLOOR = "bench.floor_activities"
COLUMNS = (
    "org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity, attributes,"
    " idempotency_key"
)
INSERT = "insert into {table} (" + COLUMNS + ") values (%s, %s, %s, %s, %s, %s, %s, %s)"
GROWING = ("badges.peer_mentor_stats", "badges.earned_badges", "badges_internal.stat_elements")

Activity = tuple[str, UUID, str, datetime, date, Any, str, str]
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Scale:
    """How much is measured: `shrink` divides people and rows where the goal's number allows it."""

    rounds: int
    block: int  # statements of one round
    shrink: int = 1
    is_full: bool = False


@dataclass
class Line:
    """One line of the table: what was measured, and what is aimed at."""

    goal: int
    what: str
    value: float | None
    aim: float
    unit: str  # of the value and the aim
    at_least: bool = False  # the aim is a floor, not a ceiling
    beside: str = ""  # what the recomputing trigger needs or does
    note: str = ""
    samples: list[float] = field(default_factory=list)

    @property
    def is_met(self) -> bool | None:
        """Tell whether the aim is reached; null where nothing was measured."""
        if self.value is None:
            return None
        return self.value >= self.aim if self.at_least else self.value <= self.aim


def person(name: object) -> UUID:
    """Give the id of a made-up person."""
    return uuid5(NAMESPACE_OID, str(name))


def made(
    org: str,
    who: UUID,
    kind: str,
    at: datetime,
    quantity: Any = 1,
    attributes: str = "{}",
    day: date | None = None,
) -> Activity:
    """Give an activity's values in the order of COLUMNS, its day UTC's unless one is given."""
    return (org, who, kind, at, day or at.date(), quantity, attributes, f"k{next(_numbers)}")


def at(day: int, second: int = 43200) -> datetime:
    """Give a moment so many days after 1980 began."""
    return datetime(1980, 1, 1, tzinfo=UTC) + timedelta(days=day, seconds=second)


class Stand:
    """One database with the engine, the bare table and the recomputing trigger in it."""

    def __init__(self, connection: Connection, dsn: str) -> None:
        self.connection = connection
        self.dsn = dsn
        self._schedstat = Path(f"/proc/{connection.info.backend_pid}/schedstat")
        if not self._schedstat.exists():
            raise PgmeritError(
                "the backend's CPU time cannot be read",
                "Measure on Linux, on the machine where the server runs.",
            )

    def apply(self, document: Mapping[str, Any]) -> None:
        """Apply a rule set."""
        apply(self.connection, document)

    def fill(self, rows: Iterable[Activity], tables: Sequence[str] = (OURS, BARE)) -> None:
        """Copy activities into each table, whose statistics are fresh afterwards."""
        kept = list(rows)
        if HAND in tables:
            self.connection.execute("alter table bench.hand_activities disable trigger user")
        for table in tables:
            with self.connection.cursor().copy(
                f"copy {table} ({COLUMNS}) from stdin".encode()
            ) as stream:
                for row in kept:
                    stream.write_row(row)
        if HAND in tables:
            self.connection.execute("alter table bench.hand_activities enable trigger user")
            self.connection.execute(
                "select bench.recompute_mentor(peer_mentor_id, org_id, now())"
                " from (select distinct peer_mentor_id, org_id from bench.hand_activities) as p"
            )
        for table in (*tables, *GROWING):
            self.connection.execute(f"vacuum analyze {table}".encode())

    def stand_on_floor(self) -> None:
        """Give the least trigger the rows that the engine has."""
        self.connection.execute(
            "insert into bench.floor_stats select * from badges.peer_mentor_stats"
        )
        self.connection.execute("vacuum analyze bench.floor_stats")

    def insert(self, rows: Sequence[Activity], table: str = OURS) -> float:
        """Insert one by one; gives CPU microseconds a row."""
        return self.cost(INSERT.format(table=table), rows)

    def insert_together(self, rows: Sequence[Activity], table: str = OURS) -> float:
        """Insert by one statement; gives CPU microseconds."""
        places = ", ".join([f"({', '.join(['%s'] * len(rows[0]))})"] * len(rows))
        query = f"insert into {table} ({COLUMNS}) values {places}"
        return self.cost(query, [tuple(itertools.chain(*rows))])

    def cost(self, query: str, values: Sequence[Sequence[Any]]) -> float:
        """Execute a prepared statement for each of the values; gives CPU microseconds each."""

        def work() -> None:
            for each in values:
                self.connection.execute(query.encode(), each, prepare=True)

        return self.spent(work) / len(values)

    def spent(self, work: Callable[[], None]) -> float:
        """Do something on the connection; gives the CPU microseconds of its backend."""
        before = self._on_cpu()
        work()
        return (self._on_cpu() - before) / 1000

    def value(self, query: str, *values: Any) -> Any:
        """Give the one value of a query."""
        return value(self.connection, query, *values)

    def _on_cpu(self) -> int:
        """Give the nanoseconds that the scheduler has had the backend on a CPU so far."""
        return int(self._schedstat.read_text().split()[0])


@contextlib.contextmanager
def stand(machine: Machine) -> Iterator[Stand]:
    """Give a database of its own, made from the migrated one, which nobody may be connected to."""
    name = f"pgmerit_bench_stand_{next(_numbers)}"
    admin = make_conninfo(machine.dsn, dbname="postgres")
    template = str(conninfo_to_dict(machine.dsn)["dbname"])
    dropped = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    with database.connect(admin, autocommit=True) as administrator:
        administrator.execute(dropped)
        administrator.execute(
            sql.SQL("create database {} template {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        place = make_conninfo(machine.dsn, dbname=name)
        try:
            with database.connect(place, autocommit=True) as connection:
                connection.execute("set synchronous_commit = off")
                connection.execute(Path(__file__).with_name("contenders.sql").read_bytes())
                yield Stand(connection, place)
        finally:
            administrator.execute(dropped)


def rounds(count: int, ways: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Measure every way once a round, the first round unseen: plans are made in it."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for n in range(count + 1):
        for name, way in ways.items():
            value = way()
            if n:
                found[name].append(value)
    return found


def beside(
    count: int, base: Callable[[], float], ways: Mapping[str, Callable[[], float]]
) -> dict[str, tuple[list[float], list[float]]]:
    """Measure every way once a round, and the base right before each: {way: (its, the base's)}.

    A shared machine's speed changes within a round of many ways.
    """
    pairs = ((f"before {name}", base, name, way) for name, way in ways.items())
    found = rounds(count, dict(each for a, b, c, d in pairs for each in ((a, b), (c, d))))
    return {name: (found[name], found[f"before {name}"]) for name in ways}


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Give the quotient of each round."""
    return [a / b for a, b in zip(above, below, strict=True)]


def line(
    goal: int, what: str, samples: Sequence[float], aim: float, unit: str, **more: Any
) -> Line:
    """Give a line whose value is the median of its samples."""
    return Line(goal, what, median(samples), aim, unit, samples=list(samples), **more)
