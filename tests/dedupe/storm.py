"""Writers that never rest, kills at random points, and what must hold when the storm is over.

Every row carries a token of its own. A writer notes what it committed, what it took away again,
and what it cannot know because the line broke in the middle.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from pgmerit.server.attached import attached_server
from pgmerit.server.binaries import find_bindir
from pgmerit.server.cluster import Cluster
from psycopg import IsolationLevel
from psycopg.conninfo import make_conninfo

from tests.engine import PATIENCE

TABLE = "public.user_badges"
KEY = ("user_id", "badge_id")
RUNNER = "storm-runner"
# The runner waits at most a second for a lock, and so does who queues behind it; the rest is what a
# busy machine needs.
LONGEST_WAIT = 1.0 + 3.0
LEVELS = (
    IsolationLevel.READ_COMMITTED,
    IsolationLevel.REPEATABLE_READ,
    IsolationLevel.SERIALIZABLE,
)


@dataclass
class Ledger:
    """What the writers know for certain."""

    committed: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    touched: set[tuple[int, str]] = field(default_factory=set)  # keys of deleted rows
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    def note(self, other: Ledger) -> None:
        """Add what another ledger knows."""
        self.committed |= other.committed
        self.deleted |= other.deleted
        self.unknown |= other.unknown
        self.touched |= other.touched
        self.outcomes += other.outcomes
        self.slowest = max(self.slowest, other.slowest)


class Writer(threading.Thread):
    """Inserts duplicates by every kind of transaction until told to stop; deletes some of its own.

    A plain one inserts, and each insert is a transaction.
    """

    def __init__(
        self, dsn: str, seed: int, *, keys: int = 400, pause: float = 0.004, plain: bool = False
    ) -> None:
        super().__init__(daemon=True)
        self.ledger = Ledger()
        self.stopping = threading.Event()
        self._dsn = dsn
        self._chance = random.Random(seed)
        self._keys = keys
        self._pause = pause
        self._plain = plain
        self._own: list[tuple[str, tuple[int, str]]] = []

    def run(self) -> None:
        """Write, and come back whenever the line breaks."""
        while not self.stopping.is_set():
            try:
                # Behind a pooler that shares sessions nothing may be prepared.
                with psycopg.connect(
                    self._dsn, prepare_threshold=None, connect_timeout=10
                ) as connection:
                    while not self.stopping.is_set():
                        self._work(connection)
                        self.stopping.wait(self._pause * self._chance.random())
            except psycopg.OperationalError as error:
                self.ledger.outcomes[_name(error)] += 1
                self.stopping.wait(0.05)

    def _work(self, connection: psycopg.Connection) -> None:
        chance = self._chance
        connection.isolation_level = chance.choices(LEVELS, (8, 1, 1))[0]
        connection.autocommit = self._plain or chance.random() < 0.5
        rows = [self._row() for _ in range(1 if connection.autocommit else chance.randint(1, 3))]
        deletes = not self._plain and self._own and chance.random() < 0.05
        victim = self._own.pop() if deletes else None
        is_kept = connection.autocommit or chance.random() < 0.95
        gone = False
        try:
            for token, key, earned_at in rows:
                self._timed(
                    connection,
                    f"insert into {TABLE} (user_id, badge_id, earned_at, token)"
                    " values (%s, %s, %s, %s)",
                    (*key, earned_at, token),
                )
            if victim is not None:
                gone = self._timed(
                    connection, f"delete from {TABLE} where token = %s", (victim[0],)
                )
            if not connection.autocommit:
                (connection.commit if is_kept else connection.rollback)()
        except psycopg.OperationalError as error:
            if connection.closed or connection.broken:
                self.ledger.unknown |= {token for token, *_ in rows}
                if victim is not None:
                    self.ledger.unknown.add(victim[0])
                    self.ledger.touched.add(victim[1])
                raise
            self._refused(connection, error)
        except psycopg.Error as error:
            self._refused(connection, error)
        else:
            self.ledger.outcomes["committed" if is_kept else "rolled back"] += 1
            if is_kept:
                self.ledger.committed |= {token for token, *_ in rows}
                self._own += [(token, key) for token, key, _ in rows]
                if victim is not None and gone:
                    self.ledger.deleted.add(victim[0])
                    self.ledger.touched.add(victim[1])

    def _refused(self, connection: psycopg.Connection, error: psycopg.Error) -> None:
        self.ledger.outcomes[_name(error)] += 1
        if not connection.autocommit:
            connection.rollback()

    def _row(self) -> tuple[str, tuple[int, str], datetime | None]:
        number = self._chance.randrange(self._keys)
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(
            minutes=self._chance.randrange(100_000)
        )
        return (
            str(uuid4()),
            (number // 4, f"badge-{number % 4}"),
            None if self._chance.random() < 0.02 else moment,
        )

    def _timed(
        self, connection: psycopg.Connection, statement: str, values: Sequence[object]
    ) -> bool:
        begun = time.monotonic()
        try:
            return connection.execute(statement.encode(), values).rowcount == 1
        finally:
            self.ledger.slowest = max(self.ledger.slowest, time.monotonic() - begun)


def _name(error: psycopg.Error) -> str:
    """Tell an error apart: its code, and the constraint it names."""
    named = error.diag.constraint_name
    return " ".join(part for part in (error.sqlstate or "line lost", named) if part)


class LongReader(threading.Thread):
    """Holds one snapshot after another, each for a while."""

    def __init__(self, dsn: str, seconds: float) -> None:
        super().__init__(daemon=True)
        self.stopping = threading.Event()
        self._dsn = dsn
        self._seconds = seconds

    def run(self) -> None:
        """Read, and keep the snapshot open."""
        while not self.stopping.is_set():
            with (
                contextlib.suppress(psycopg.OperationalError),
                psycopg.connect(self._dsn, connect_timeout=10) as connection,
            ):
                connection.isolation_level = IsolationLevel.REPEATABLE_READ
                connection.execute(f"select count(*) from {TABLE}".encode())
                self.stopping.wait(self._seconds)


@contextlib.contextmanager
def writing(writers: Sequence[Writer], *others: LongReader) -> Iterator[Ledger]:
    """Let all work as long as the block lasts; what they know is in the ledger afterwards."""
    ledger = Ledger()
    threads: list[Writer | LongReader] = [*writers, *others]
    for thread in threads:
        thread.start()
    try:
        yield ledger
    finally:
        for thread in threads:
            thread.stopping.set()
        for thread in threads:
            thread.join(PATIENCE)
        for writer in writers:
            assert not writer.is_alive(), "a writer hangs"
            ledger.note(writer.ledger)


class StormServer:
    """A server of the storm's own that may be killed and started again."""

    settings: dict[str, str] = {"synchronous_commit": "on", "max_connections": "60"}  # noqa: RUF012

    def __init__(self, home: Path) -> None:
        self.home = home
        self._open = contextlib.ExitStack()
        self.cluster = self.start()

    def start(self) -> Cluster:
        """Start it, after a crash too."""
        # A killed process loses nothing that the system holds; only the log must be written first.
        self.cluster = self._open.enter_context(
            attached_server(
                self.home, os.environ.get("TEST_PG_BINDIR"), self.settings, durable=False
            )
        )
        return self.cluster

    def stop(self) -> None:
        """End it."""
        self._open.close()

    @property
    def dsn(self) -> str:
        """The database of the storm."""
        return self.cluster.dsn("storm")

    def prepare(self, rows: int, keys: int) -> None:
        """Make the table, with rows of which most stand there more than once."""
        self.cluster.create_database("storm")
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            make_table(connection, rows, keys)

    def kill_server(self) -> None:
        """Kill it without warning and start it again."""
        pid = self.cluster.server_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self._open.close()
        self.start()

    def kill_backend(self, *, hard: bool) -> None:
        """End a backend of the runner: by the server, or so that the server must recover."""
        with (
            contextlib.suppress(psycopg.OperationalError),
            psycopg.connect(self.dsn, autocommit=True) as connection,
        ):
            found = connection.execute(
                "select pid from pg_stat_activity where application_name = %s"
                " and datname = current_database() order by xact_start nulls last",
                (RUNNER,),
            ).fetchone()
            if found is None:
                return
            if hard:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(found[0], signal.SIGKILL)
            else:
                connection.execute("select pg_terminate_backend(%s)", (found[0],))

    def wait_until_up(self) -> None:
        """Return once it takes connections again."""
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.dsn, connect_timeout=5).close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, "the server does not come back"
                time.sleep(0.05)
            else:
                return


def make_table(connection: psycopg.Connection, rows: int, keys: int) -> None:
    """Make `public.user_badges` with so many rows over so many keys."""
    connection.execute(
        f"create table {TABLE} (id bigint generated always as identity primary key,"
        " user_id bigint not null, badge_id text not null, earned_at timestamptz,"
        " token text not null default gen_random_uuid())"
    )
    connection.execute(
        f"insert into {TABLE} (user_id, badge_id, earned_at)"
        " select n %% %s / 4, 'badge-' || n %% %s %% 4,"
        " '2026-01-01'::timestamptz + (n * 7919 %% 100000) * interval '1 minute'"
        " from generate_series(1, %s::bigint) as n",
        (keys, keys, rows),
    )


def start_runner(dsn: str, *more: str, way: str = "--apply") -> subprocess.Popen[str]:
    """Start `pgmerit dedupe --apply` in a process of its own."""
    return _start(
        *(sys.executable, "-m", "pgmerit", "dedupe", TABLE, "--key", ",".join(KEY)),
        *("--keep", "earned_at", way, *more, "--dsn", make_conninfo(dsn, application_name=RUNNER)),
    )


def print_script(dsn: str, folder: Path, *more: str) -> Path:
    """Print the script that does the same."""
    told, error = start_runner(dsn, *more, way="--print-sql").communicate(timeout=60)
    assert told, error
    file = folder / "dedupe.sql"
    file.write_text(told)
    return file


def start_script(dsn: str, script: Path, *more: str) -> subprocess.Popen[str]:
    """Start psql with a script."""
    settings = ("-X", "-v", "ON_ERROR_STOP=1", *more, "-f", str(script))
    return _start(_find_psql(), *settings, make_conninfo(dsn, application_name=RUNNER))


def _start(*command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _find_psql() -> str:
    """Find psql beside the server's programs, or on the path."""
    beside = find_bindir(os.environ.get("TEST_PG_BINDIR")) / "psql"
    found = str(beside) if beside.exists() else shutil.which("psql")
    assert found, "psql is missing"
    return found


def archives(connection: psycopg.Connection) -> list[str]:
    """List the tables that hold removed rows, quoted."""
    return [
        row[0]
        for row in connection.execute(
            "select a.attrelid::regclass::text from pg_attribute as a"
            " join pg_class as c on c.oid = a.attrelid and c.relkind = 'r'"
            " where a.attname = 'token' and c.relnamespace = to_regnamespace('pgmerit_dedupe')"
            " order by 1"
        ).fetchall()
    ]


def assert_calm(connection: psycopg.Connection, ledger: Ledger, constraint: str) -> None:
    """Fail unless the table is unique by its constraint, and every row is accounted for once."""
    assert _one(
        connection,
        "select array_agg(i.indisvalid and i.indisready and i.indisunique and i.indimmediate)"
        " from pg_constraint as c join pg_index as i on i.indexrelid = c.conindid"
        f" where c.conrelid = '{TABLE}'::regclass and c.contype = 'u' and c.conname = %s"
        " and c.convalidated",
        constraint,
    ) == [True]
    key = ", ".join(KEY)
    assert not _one(
        connection,
        f"select count(*) from (select from {TABLE} group by {key} having count(*) > 1) as doubled",
    ), "a key stands there twice"
    assert set(
        _one(
            connection,
            "select array_agg(indexrelid::regclass::text) from pg_index"
            f" where indrelid = '{TABLE}'::regclass",
        )
    ) == {constraint, "user_badges_pkey"}, "an index was left over"
    assert not _one(
        connection,
        f"select array_agg(tgname::text) from pg_trigger where tgrelid = '{TABLE}'::regclass"
        " and not tgisinternal",
    ), "a trigger was left over"

    kept = set(_one(connection, f"select array_agg(token) from {TABLE}"))
    removed: list[str] = []
    earlier = 0
    for archive in archives(connection):
        removed += _one(connection, f"select coalesce(array_agg(token), '{{}}') from {archive}")
        earlier += _one(
            connection,
            f"select count(*) from {archive} as gone join {TABLE} as kept using ({key})"
            " where ((gone.earned_at, gone.id) < (kept.earned_at, kept.id)"
            " or (kept.earned_at is null and gone.earned_at is not null))"
            # Where the earliest was deleted by its writer, a later one may have come.
            " and not (user_id, badge_id) in"
            " (select * from unnest(%s::bigint[], %s::text[]))",
            [user for user, _ in ledger.touched],
            [badge for _, badge in ledger.touched],
        )
    assert len(removed) == len(set(removed)), "a row was archived twice"
    assert not kept & set(removed), "a row stands in the table and in the archive"
    lost = ledger.committed - ledger.deleted - ledger.unknown - kept - set(removed)
    assert not lost, f"{len(lost)} committed rows are nowhere"
    back = (ledger.deleted - ledger.unknown) & (kept | set(removed))
    assert not back, f"{len(back)} deleted rows are back"
    assert not earlier, f"{earlier} rows that were archived are earlier than the one kept"


def assert_undisturbed(ledger: Ledger, constraint: str, *, may_break: bool = False) -> None:
    """Fail when a writer waited longer than the lock timeout, or failed but by the constraint."""
    allowed = {"committed", "rolled back", f"23505 {constraint}"}
    # A snapshot that is older than another's change is the application's to try again.
    allowed.add("40001")
    if may_break:
        allowed |= {"line lost", "57P01", "57P02", "57P03", "08006", "08P01"}
    assert not set(ledger.outcomes) - allowed, ledger.outcomes
    assert ledger.outcomes["committed"] > 0
    assert ledger.slowest < LONGEST_WAIT, f"a statement took {ledger.slowest:.1f} s"


def _one(connection: psycopg.Connection, query: str, *values: object) -> Any:
    row = connection.execute(query.encode(), values or None).fetchone()
    assert row is not None
    return row[0]
