"""The workloads, run for every contender in turn, round after round."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path
from statistics import median
from typing import Any

from pgmerit import database
from pgmerit.database import Connection
from pgmerit.errors import PgmeritError
from pgmerit.rules import versions as rules
from pgmerit.rules.files import load_document
from psycopg import errors
from psycopg.types.json import Jsonb

from tests.bench.machine import Machine
from tests.bench.plans import planned_seconds

BARE, OURS, HAND = "bare table", "pgmerit", "recomputing trigger"
TABLES = {
    BARE: "bench.bare_activities",
    OURS: "badges.activities",
    HAND: "bench.hand_activities",
}
CLIENTS = 4
FIRST_DAY = date(2000, 1, 3)
HISTORY_DAYS = 9  # between two activities of one person: about forty a year
FEW, MANY = 10, 10_000
COLUMNS = (
    "org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity, attributes,"
    " idempotency_key"
)
COLUMNS_WITHOUT_DAY = COLUMNS.replace(" activity_date,", "")
KINDS = (
    ("assignment", 1.5, '{"kind": "home_visit"}', 20),
    ("assignment", 1.5, '{"kind": "clinic"}', 15),
    ("assignment", 1.5, '{"kind": "phone"}', 25),
    ("call", 1, "{}", 25),
    ("group_meeting", 1.5, '{"participants": 9}', 10),
    ("training_completed", 1, '{"course": "role"}', 5),
)
CHOOSE = (
    f"\\set person random(0, :people / {CLIENTS} - 1) * {CLIENTS} + :client_id + :first_person\n"
)
# Person by person: each belongs to one client, whose days only rise.
IN_ORDER = CHOOSE + "\\set day :first_day + (:n - :first_n) / :inserts_a_day\n"
LATE = CHOOSE + "\\set day random(1, :first_day - 1)\n"
INSERT = r"""\set n :n + 1
insert into {table} ({columns})
values (
    (array['nhf', 'blindeforbundet', 'hlf'])[:person::integer % 3 + 1],
    md5(:person::text)::uuid,
    '{kind}',
    timestamptz '2000-01-03 08:00:00+00' + make_interval(days => :day, secs => :n % 30000),
    date '2000-01-03' + :day::integer,
    {quantity},
    '{attributes}',
    :block::text || '-' || :n::text || '-' || :client_id::text
);
"""


@dataclass
class Scale:
    """How much of everything, and how often."""

    people: int = 2000
    history: int = 50
    rounds: int = 4
    block_seconds: float = 0.7  # how long the bare table is kept busy at a time
    late_transactions: int = 100  # for each client
    deep_transactions: int = 1000
    planned_activities: int = 1_000_000
    bulk_rows: int = 300_000
    bulk_rounds: int = 3  # as many as the time allows, one at least
    seconds: float = 540.0
    hand_rows: int = 3000
    deep_people: int = 20
    hand_deep_transactions: int = 25


@dataclass
class Figure:
    """The rates of one contender in one workload, a number a round."""

    workload: str
    contender: str
    unit: str
    rates: list[float] = field(default_factory=list)
    against: list[float] = field(default_factory=list)  # the bare table's, in the same rounds
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give what the table shows."""
        ratios = [own / bare for own, bare in zip(self.rates, self.against, strict=True)]
        return {
            "workload": self.workload,
            "contender": self.contender,
            "unit": self.unit,
            "min": round(min(self.rates), 1),
            "median": round(median(self.rates), 1),
            "max": round(max(self.rates), 1),
            "ratio_to_bare": round(median(ratios), 3),
            "ratios": [round(ratio, 3) for ratio in ratios],
            "rounds": len(self.rates),
            "note": self.note,
        }


class Bench:
    """One run: prepares the tables, runs the workloads, keeps the figures."""

    def __init__(self, machine: Machine, scale: Scale, tell: Callable[[str], None]) -> None:
        self.machine = machine
        self.scale = scale
        self.tell = tell
        self.figures: dict[tuple[str, str], Figure] = {}
        self.facts: dict[str, Any] = {}
        self._begun = time.monotonic()
        self._steps = 0  # inserts a client has made in each table so far
        self._blocks = 0
        self._bulk_runs = 0
        self._first_day = (scale.history + 1) * HISTORY_DAYS

    def run(self) -> list[Figure]:
        """Run everything; gives the figures in the order of the workloads."""
        with database.connect(self.machine.dsn, autocommit=True) as connection:
            self._prepare(connection)
            self._tell_rule_set(connection)
            self._fill_history(connection, 1, self.scale.people, self.scale.history)
            for durable in (True, False):
                self._single(connection, "in order", IN_ORDER, durable=durable)
            self._single(connection, "late", LATE, durable=False)
            self._beside_an_apply(connection)
            self._check(connection)
            self._depth(connection)
            self._plan(connection)
            self._bulk(connection)
        return list(self.figures.values())

    def _prepare(self, connection: Connection) -> None:
        self.tell("applying the rule set")
        with as_file(files("pgmerit.demo") / "rule_sets" / "peer-mentors.yaml") as path:
            rules.apply(connection, load_document(path))
        connection.execute(Path(__file__).with_name("contenders.sql").read_bytes())

    def _tell_rule_set(self, connection: Connection) -> None:
        applied = _row(connection, "select rule_set, version from badges.list_rule_sets()")
        found = connection.execute(
            """
            select
                organization.org_id,
                kind.activity_type,
                2 + (select coalesce(cardinality(route.routes), 0)
                     from badges_internal.activity_routes as route
                     where route.org_id = organization.org_id
                     and route.activity_type in (kind.activity_type, '')
                     order by route.activity_type desc
                     limit 1) as stats
            from badges.organizations as organization
            cross join unnest(
                array['assignment', 'call', 'group_meeting', 'training_completed']
            ) as kind (activity_type)
            order by 1, 2
            """
        ).fetchall()
        matching: dict[str, dict[str, int]] = {}
        for each in found:
            matching.setdefault(each["org_id"], {})[each["activity_type"]] = each["stats"]
        self.facts["rule_set"] = f"{applied['rule_set']} version {applied['version']}"
        self.facts["matching_stats"] = matching

    def _fill_history(self, connection: Connection, first: int, people: int, history: int) -> None:
        """Give every person the same past in each table, in order, one statement a table."""
        self.tell(f"giving {people} people {history} activities each")
        connection.execute("alter table bench.hand_activities disable trigger user")
        for table in TABLES.values():
            connection.execute(
                f"""
                insert into {table} ({COLUMNS})
                select made.*
                from generate_series(1, %(history)s::integer) as n
                cross join generate_series(%(first)s::integer, %(last)s::integer) as person
                cross join lateral bench.activity(
                    person, n,
                    %(first_day)s::date + n * %(span)s::integer / %(history)s::integer
                ) as made
                """.encode(),
                {
                    "history": history,
                    "first": first,
                    "last": first + people - 1,
                    "first_day": FIRST_DAY,
                    "span": self._first_day - 1,
                },
            )
        connection.execute("alter table bench.hand_activities enable trigger user")
        connection.execute(
            """
            select bench.recompute_mentor(md5(person::text)::uuid,
                (array['nhf', 'blindeforbundet', 'hlf'])[person %% 3 + 1], now())
            from generate_series(%s::integer, %s::integer) as person
            """,
            (first, first + people - 1),
        )
        self._settle(connection)

    def _single(self, connection: Connection, name: str, choose: str, *, durable: bool) -> None:
        """Insert one by one with four clients, a commit each."""
        commit = "durable" if durable else "asynchronous"
        workload = f"single rows {name}, {commit} commit"
        if choose == LATE:
            transactions = self.scale.late_transactions
        else:
            trial = self._block(BARE, choose, 100, durable=durable, trial=True)
            transactions = max(100, int(trial * self.scale.block_seconds / CLIENTS))
        before = _awards(connection)
        for n in range(self.scale.rounds):
            self.tell(f"{workload}, round {n + 1} of {self.scale.rounds}")
            connection.execute("checkpoint")
            self._round(
                workload,
                "inserts/s",
                lambda contender: self._block(contender, choose, transactions, durable=durable),
            )
            self._steps += transactions
        inserted = transactions * CLIENTS * self.scale.rounds
        share = (_awards(connection) - before) / inserted
        self.figures[workload, OURS].note = f"{share:.1%} of the inserts awarded something"
        done = self._steps * CLIENTS / self.scale.people + self.scale.history
        self.figures[workload, HAND].note = f"{done:.0f} activities a person at the end"
        self._settle(connection)

    def _beside_an_apply(self, connection: Connection) -> None:
        """Insert while an apply waits for a writer that does not end, against doing so alone."""
        workload = "single rows while an apply waits for an idle writer"
        alone, beside = "nobody waits", "an apply waits"
        for n in range(self.scale.rounds):
            self.tell(f"{workload}, round {n + 1} of {self.scale.rounds}")
            rates = {alone: self._long_block()}
            with _waiting_apply(connection, self.machine.dsn):
                rates[beside] = self._long_block()
            for name, rate in rates.items():
                self._note(workload, name, "inserts/s", rate, rates[alone])

    def _long_block(self) -> float:
        """Run pgbench for some seconds on our table: turns in the queue come and go meanwhile."""
        transactions = self.scale.deep_transactions * 3
        rate = self._block(OURS, IN_ORDER, transactions, durable=False)
        self._steps += transactions
        return rate

    def _depth(self, connection: Connection) -> None:
        """Insert one by one for people with few activities, then for people with many."""
        people = self.scale.deep_people
        for first, history in ((1_000_000, FEW), (2_000_000, MANY)):
            self._fill_history(connection, first, people, history)
            workload = f"single rows for people with {history} activities"
            transactions = self.scale.deep_transactions
            first_n = self._steps
            for n in range(self.scale.rounds):
                self.tell(f"{workload}, round {n + 1} of {self.scale.rounds}")
                connection.execute("checkpoint")

                def block(
                    contender: str,
                    first: int = first,
                    transactions: int = transactions,
                    first_n: int = first_n,
                ) -> float:
                    return self._block(
                        contender,
                        IN_ORDER,
                        self.scale.hand_deep_transactions if contender == HAND else transactions,
                        durable=False,
                        first=first,
                        people=people,
                        first_n=first_n,
                        inserts_a_day=people // CLIENTS,
                    )

                self._round(workload, "inserts/s", block)
                self._steps += transactions

    def _plan(self, connection: Connection) -> None:
        """Plan changes of the rule set over many activities."""
        activities = self.scale.planned_activities
        self.tell(f"planning over {activities} activities")
        self.facts[f"seconds_of_a_plan_over_{activities}_activities"] = {
            "peer-mentors": planned_seconds(connection, activities, FIRST_DAY, COLUMNS)
        }

    def _round(self, workload: str, unit: str, measure: Callable[[str], float]) -> None:
        rates = {contender: measure(contender) for contender in TABLES}
        for contender, rate in rates.items():
            self._note(workload, contender, unit, rate, rates[BARE])

    def _note(
        self, workload: str, contender: str, unit: str, rate: float, bare: float, note: str = ""
    ) -> None:
        figure = self.figures.setdefault(
            (workload, contender), Figure(workload, contender, unit, note=note)
        )
        figure.rates.append(rate)
        figure.against.append(bare)

    def _block(
        self,
        contender: str,
        choose: str,
        transactions: int,
        *,
        durable: bool,
        first: int = 1,
        people: int | None = None,
        first_n: int = 0,
        inserts_a_day: int | None = None,
        trial: bool = False,
    ) -> float:
        """Run pgbench once on one table. Each table sees the same inserts in the same rounds."""
        self._blocks += 1
        scripts = [
            (
                choose
                + INSERT.format(
                    table=TABLES[contender],
                    columns=COLUMNS,
                    kind=kind,
                    quantity=quantity,
                    attributes=attributes,
                ),
                weight,
            )
            for kind, quantity, attributes, weight in KINDS
        ]
        return self.machine.pgbench(
            scripts,
            transactions,
            clients=CLIENTS,
            durable=durable,
            variables={
                "n": 0 if trial else self._steps,
                "block": self._blocks,
                "people": people or self.scale.people,
                "first_person": first,
                "first_day": self._first_day,
                "first_n": first_n,
                "inserts_a_day": inserts_a_day
                or max(1, self.scale.people // CLIENTS // HISTORY_DAYS),
            },
        )

    def _bulk(self, connection: Connection) -> None:
        """Insert many rows by one statement and by COPY, into empty tables."""
        for n in range(self.scale.bulk_rounds):
            begun = time.monotonic()
            for rows_each in (150, 15):
                self._bulk_round(connection, rows_each, n + 1)
            now = time.monotonic()
            if now - self._begun + (now - begun) > self.scale.seconds:
                self.tell("leaving further rounds out: they would take too long")
                return

    def _bulk_round(self, connection: Connection, rows_each: int, number: int) -> None:
        rows = self.scale.bulk_rows
        self._fill_source(connection, rows // rows_each, rows_each)
        lines = {
            columns: _copied_out(connection, columns) for columns in (COLUMNS, COLUMNS_WITHOUT_DAY)
        }
        ways: dict[str, Callable[[str, str], float]] = {
            "one INSERT": lambda table, columns: _timed(
                connection,
                f"insert into {table} ({columns}) select {columns} from bench.source",
            ),
            "COPY": lambda table, columns: _copied_in(connection, table, columns, lines[columns]),
        }
        for name, way in ways.items():
            workload = f"{rows} rows by {name}, {rows_each} a person"
            self.tell(f"{workload}, round {number}")
            self._empty(connection)
            bare = rows / way(TABLES[BARE], COLUMNS)
            self._note(workload, BARE, "rows/s", bare, bare)
            for columns, day in ((COLUMNS, "given"), (COLUMNS_WITHOUT_DAY, "not given")):
                self._empty(connection)
                rate, note = self._bulk_by_engine(connection, way, columns)
                self._note(workload, f"{OURS}, day {day}", "rows/s", rate, bare, note)
            if name == "one INSERT":
                self._bulk_by_hand(connection, workload, rows_each, bare)

    def _bulk_by_engine(
        self, connection: Connection, way: Callable[[str, str], float], columns: str
    ) -> tuple[float, str]:
        """Give the rate and a note; a run that would never end is stopped and said so."""
        # The first round fits into the time; its eight runs share what is left.
        left = self.scale.seconds - (time.monotonic() - self._begun)
        limit = max(20.0, left / max(1, 8 - self._bulk_runs))
        self._bulk_runs += 1
        connection.execute(f"set statement_timeout = '{limit:.0f}s'".encode())
        try:
            rate = self.scale.bulk_rows / way(TABLES[OURS], columns)
        except errors.QueryCanceled:
            return self.scale.bulk_rows / limit, f"stopped after {limit:.0f} s: slower than this"
        finally:
            connection.execute("reset statement_timeout")
        return rate, f"{_awards(connection)} awards"

    def _bulk_by_hand(
        self, connection: Connection, workload: str, rows_each: int, bare: float
    ) -> None:
        """Give the recomputing trigger whole people, but fewer: its cost is the same for each."""
        people = max(1, self.scale.hand_rows // rows_each)
        taken = _timed(
            connection,
            f"""
            insert into {TABLES[HAND]} ({COLUMNS})
            select {COLUMNS}
            from bench.source
            where peer_mentor_id in (
                select md5(person::text)::uuid from generate_series(1, {people}) as person
            )
            """,
        )
        rows = people * rows_each
        note = f"{rows} rows only, extrapolated: each person costs the same"
        self._note(workload, HAND, "rows/s", rows / taken, bare, note)

    def _fill_source(self, connection: Connection, people: int, rows_each: int) -> None:
        connection.execute("truncate bench.source")
        connection.execute(
            f"""
            insert into bench.source ({COLUMNS})
            select made.*
            from generate_series(1, %s::integer) as n
            cross join generate_series(1, %s::integer) as person
            cross join lateral bench.activity(
                person, n, date '2018-01-01' + n * 1000 / %s::integer
            ) as made
            """.encode(),
            (rows_each, people, rows_each),
        )
        connection.execute("vacuum analyze bench.source")

    def _empty(self, connection: Connection) -> None:
        connection.execute(
            "truncate badges.activities, badges.earned_badges, badges.award_events,"
            " bench.bare_activities, bench.hand_activities, bench.hand_stats, bench.hand_awards"
        )
        connection.execute("checkpoint")

    def _settle(self, connection: Connection) -> None:
        for table in (
            *TABLES.values(),
            "badges.peer_mentor_stats",
            "badges.earned_badges",
            "badges_internal.stat_elements",
            "bench.hand_stats",
            "bench.hand_awards",
        ):
            connection.execute(f"vacuum analyze {table}".encode())

    def _check(self, connection: Connection) -> None:
        """Hold what was measured to be right: a fast wrong answer is no answer."""
        self.tell("comparing the snapshot with a recomputation")
        found = _row(connection, "select count(*) as n from badges.verify_stats()")
        self.facts["differences_from_a_recomputation"] = found["n"]


@contextlib.contextmanager
def _waiting_apply(connection: Connection, dsn: str) -> Iterator[None]:
    """Let an apply wait for a transaction that has recorded something and idles."""
    with (
        database.connect(dsn) as writer,
        database.connect(dsn, autocommit=True) as administrator,
        ThreadPoolExecutor(1) as pool,
    ):
        writer.execute(
            "insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at)"
            " values ('nhf', gen_random_uuid(), 'call', now())"
        )
        document = _row(connection, "select badges.get_rule_set('peer-mentors') as d")["d"]
        document["organizations"]["nhf"]["name"] = "another name"
        applying = pool.submit(
            administrator.execute, "select badges.apply_rule_set(%s)", (Jsonb(document),)
        )
        waits = "select 1 from pg_stat_activity where pid = %s and state = 'active'"
        while not connection.execute(waits, (administrator.info.backend_pid,)).fetchone():
            time.sleep(0.01)
        yield
        administrator.cancel()
        with contextlib.suppress(errors.QueryCanceled):
            applying.result()
            raise PgmeritError("the apply did not wait")
        writer.rollback()


def _row(connection: Connection, query: str) -> dict[str, Any]:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row


def _awards(connection: Connection) -> int:
    found: int = _row(connection, "select count(*) as n from badges.earned_badges")["n"]
    return found


def _timed(connection: Connection, statement: str) -> float:
    begun = time.perf_counter()
    connection.execute(statement.encode())
    return time.perf_counter() - begun


def _copied_out(connection: Connection, columns: str) -> bytes:
    lines = io.BytesIO()
    with connection.cursor().copy(
        f"copy (select {columns} from bench.source) to stdout".encode()
    ) as stream:
        for chunk in stream:
            lines.write(chunk)
    return lines.getvalue()


def _copied_in(connection: Connection, table: str, columns: str, lines: bytes) -> float:
    begun = time.perf_counter()
    with connection.cursor().copy(f"copy {table} ({columns}) from stdin".encode()) as stream:
        for chunk in _chunks(lines):
            stream.write(chunk)
    return time.perf_counter() - begun


def _chunks(lines: bytes, size: int = 1 << 20) -> Iterator[bytes]:
    for start in range(0, len(lines), size):
        yield lines[start : start + size]
