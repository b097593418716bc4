"""The session that deduplicates: short locks, bounded waits, who is in the way."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg
from psycopg.sql import SQL, Composed, Literal

from pgmerit.database import Connection
from pgmerit.dedupe.table import Table
from pgmerit.errors import BusyError, PgmeritError

T = TypeVar("T")
Statement = SQL | Composed
Progress = Callable[[str, float | None], AbstractContextManager[Callable[[float], None]]]

# What conflicts with the lock that we ask for.
CONFLICTS = {
    "share row exclusive": (
        "RowExclusiveLock",
        "ShareUpdateExclusiveLock",
        "ShareLock",
        "ShareRowExclusiveLock",
        "ExclusiveLock",
        "AccessExclusiveLock",
    ),
}

HOLDERS = """
select
    l.pid, a.usename, a.application_name, a.state, a.query_start, a.xact_start,
    pg_catalog.min(l.mode) as mode
from pg_catalog.pg_locks as l
left join pg_catalog.pg_stat_activity as a on a.pid = l.pid
where l.locktype = 'relation' and l.relation = {oid} and l.granted
and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
and l.pid is distinct from pg_catalog.pg_backend_pid()
and ({modes}::text[] is null or l.mode = any({modes}::text[]))
group by 1, 2, 3, 4, 5, 6
order by a.xact_start nulls first
limit 5
"""

_BLOCKERS = """
select
    b.pid, a.usename, a.application_name, a.state, a.query_start, a.xact_start
from pg_catalog.unnest(pg_catalog.pg_blocking_pids({pid})) as b (pid)
left join pg_catalog.pg_stat_activity as a on a.pid = b.pid
limit 5
"""

_BUILD = """
select
    phase, blocks_done, blocks_total, tuples_done, tuples_total
from pg_catalog.pg_stat_progress_create_index where pid = {pid}
"""

SETTINGS = (
    # What is told not to scan costs so much, up to 17, that every statement would be compiled.
    "set jit = off",
    "set search_path = pg_catalog, pg_temp",
    "set row_security = off",
    "set default_transaction_isolation = 'read committed'",
    "set statement_timeout = 0",
    "set idle_in_transaction_session_timeout = 0",
    "set client_min_messages = warning",
)
_WATCH_SECONDS = 0.2
_TOLD_AFTER = 3.0


@dataclass
class Session:
    """A direct connection, and another one to look at it with while it waits."""

    connection: Connection
    watch: Callable[[], Connection]
    lock_timeout: float
    give_up_after: float
    tell: Callable[[str], None] = lambda message: None
    progress: Progress = lambda description, total: nullcontext(lambda steps: None)
    _told: set[str] = field(default_factory=set)
    _until: float | None = None

    def prepare(self) -> None:
        """Set what the work needs; the table is found before, by the caller's own search path."""
        for setting in SETTINGS:
            self.connection.execute(setting)
        with suppress(psycopg.Error):
            # The server then notices in the middle of a long statement that its client has died.
            self.connection.execute("set client_connection_check_interval = '1s'")
        self._set("lock_timeout", self.lock_timeout)

    def run(self, statements: Iterable[Statement]) -> None:
        """Run statements one after the other."""
        for statement in statements:
            if self._until is not None:
                left = max(0.001, self._until - time.monotonic())
                self._set("statement_timeout", left, is_local=True)
            self.connection.execute(statement)

    def one(self, statement: Statement) -> dict[str, Any]:
        """Run a query that gives one row."""
        found: dict[str, Any] | None = self.connection.execute(statement).fetchone()
        assert found is not None  # noqa: S101
        return found

    @contextmanager
    def batch(self) -> Iterator[None]:
        """A short transaction that finds rows by index, whatever the statistics say."""
        with self.connection.transaction():
            self._set("lock_timeout", self.lock_timeout / 2, is_local=True)
            for name in ("hashjoin", "mergejoin", "seqscan"):
                self.connection.execute(SQL("set local enable_{} = off").format(SQL(name)))
            yield

    @contextmanager
    def bounded(self) -> Iterator[None]:
        """Bound what `run` does to half of the lock timeout: we hold what others wait for."""
        self._until = time.monotonic() + self.lock_timeout / 2
        self._set("statement_timeout", self.lock_timeout / 2, is_local=True)
        yield
        self._until = None
        self._set("statement_timeout", 0, is_local=True)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """One snapshot for several queries."""
        with self.connection.transaction():
            self.connection.execute("set transaction isolation level repeatable read, read only")
            yield

    def locked(
        self,
        table: Table,
        mode: str,
        work: Callable[[], T],
    ) -> T:
        """Do the work under a lock of the table, trying again while somebody is in the way.

        Half of the lock timeout is for the wait, half for the work, so nobody who queues behind
        waits longer. Raises BusyError after the time to give up, with
        who holds what.
        """

        def attempt() -> T:
            with self.batch():
                self.connection.execute(
                    SQL("lock table only {} in {} mode").format(table.identifier, SQL(mode))
                )
                with self.bounded():
                    return work()

        return self.patiently(table, attempt, mode)

    def patiently(
        self,
        table: Table,
        attempt: Callable[[], T],
        mode: str | None = None,
    ) -> T:
        """Try a transaction until it is not in anybody's way; see `locked`."""
        since = time.monotonic()
        while True:
            self._until = None
            try:
                return attempt()
            except psycopg.errors.QueryCanceled:
                # By the bound, and not by somebody who wants it to end.
                if self._until is None or time.monotonic() < self._until:
                    raise
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
                pass
            holders = self._holders(table, mode)
            waited = time.monotonic() - since
            if waited > self.give_up_after:
                raise BusyError(
                    f"gave up after {waited:.0f} s: {table.full_name} is held by {holders}",
                    "Nobody was stopped. Run it again when they have ended: it goes on.",
                )
            self.tell_once(f"waiting for a lock on {table.full_name}, held by {holders}")
            time.sleep(random.uniform(0.5, 1.5) * self.lock_timeout)  # noqa: S311

    def tell_once(self, message: str) -> None:
        """Tell what was not told yet."""
        if message not in self._told:
            self._told.add(message)
            self.tell(message)

    def watched(self, statement: Statement, description: str) -> None:
        """Run a statement that blocks no writer and may take long, with progress and patience.

        Raises BusyError when others kept it waiting for the time to give up.
        """
        self._set("lock_timeout", 0)
        ended = threading.Event()
        watcher = _Watcher(self, description, ended)
        thread = threading.Thread(target=watcher.run, daemon=True)
        thread.start()
        try:
            self.connection.execute(statement)
        except psycopg.errors.QueryCanceled as exc:
            if watcher.gave_up:
                raise BusyError(
                    f"gave up after {self.give_up_after:.0f} s: {description.lower()} waits for "
                    f"{watcher.gave_up}",
                    "Nobody was stopped. Run it again when they have ended: it goes on.",
                ) from exc
            raise
        finally:
            ended.set()
            thread.join()
            with suppress(psycopg.Error):
                self._set("lock_timeout", self.lock_timeout)

    def _set(self, name: str, seconds: float, *, is_local: bool = False) -> None:
        self.connection.execute(
            SQL("set {} {} = {}").format(
                SQL("local" if is_local else "session"),
                SQL(name),
                Literal(f"{max(1, round(seconds * 1000)) if seconds else 0}ms"),
            )
        )

    def _holders(self, table: Table, mode: str | None) -> str:
        modes = CONFLICTS.get(mode or "")
        found = self.connection.execute(
            SQL(HOLDERS).format(
                oid=Literal(table.oid), modes=Literal(list(modes) if modes else None)
            )
        )
        return _described(found.fetchall())


@dataclass
class _Watcher:
    """Looks at a long statement from another connection."""

    session: Session
    description: str
    ended: threading.Event
    gave_up: str = ""

    def run(self) -> None:
        """Show progress until the statement has ended; cancel our own after the time to give up."""
        if self.ended.wait(_WATCH_SECONDS):
            return
        # Without a second connection the work goes on unseen.
        with suppress(psycopg.Error, PgmeritError), self.session.watch() as connection:
            connection.autocommit = True
            with self.session.progress(self.description, 100.0) as advance:
                self._look(connection, advance)

    def _look(self, connection: Connection, advance: Callable[[float], None]) -> None:
        pid = Literal(self.session.connection.info.backend_pid)
        shown, blocked_since = 0.0, None
        while not self.ended.wait(_WATCH_SECONDS):
            build = connection.execute(SQL(_BUILD).format(pid=pid)).fetchone()
            part = _part_done(build) if build else 0.0
            if part > shown:
                advance(part - shown)
                shown = part
            blockers = connection.execute(SQL(_BLOCKERS).format(pid=pid)).fetchall()
            if not blockers:
                blocked_since = None
                continue
            blocked_since = blocked_since or time.monotonic()
            waited = time.monotonic() - blocked_since
            said = _described(blockers)
            if waited > min(_TOLD_AFTER, self.session.give_up_after):
                self.session.tell_once(f"{self.description.lower()} waits for {said}")
            if waited > self.session.give_up_after and not self.ended.is_set():
                self.gave_up = said
                connection.execute(SQL("select pg_catalog.pg_cancel_backend({})").format(pid))


def _part_done(build: dict[str, Any]) -> float:
    """Give how much of a build is done, in percent: two scans, by what they count."""
    total = build["blocks_total"] or build["tuples_total"]
    done = build["blocks_done"] if build["blocks_total"] else build["tuples_done"]
    is_second = "validation" in (build["phase"] or "")
    return 50.0 * is_second + (50.0 * done / total if total else 0.0)


def _described(found: list[dict[str, Any]]) -> str:
    """Name sessions by pid, and what may be seen of them."""
    return "; ".join(_describe_one(row) for row in found) or "a session that has just gone"


def _describe_one(row: dict[str, Any]) -> str:
    if not row["pid"]:
        return "a prepared transaction (see pg_prepared_xacts)"
    seen = [
        row["application_name"] or "",
        f"user {row['usename']}" if row["usename"] else "",
        row["state"] or "",
        f"transaction since {row['xact_start']:%H:%M:%S}" if row["xact_start"] else "",
        f"query since {row['query_start']:%H:%M:%S}" if row["query_start"] else "",
    ]
    return f"pid {row['pid']} ({', '.join(part for part in seen if part)})"
