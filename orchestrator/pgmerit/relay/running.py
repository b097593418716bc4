"""The relay as a whole: a courier for each endpoint, wake-ups, alerts, a clean end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent import futures
from contextlib import closing
from datetime import datetime
from threading import Event

from pgmerit import database, routines
from pgmerit.relay.connecting import Reconnecting
from pgmerit.relay.courier import Courier, Tally
from pgmerit.relay.endpoints import Endpoint

_CHANNEL = "pgmerit_events"
_ALERTS_EVERY = 60.0
_GLANCE = 0.5


class Relay:
    """Delivers to every endpoint, each by a thread and connections of its own."""

    def __init__(
        self,
        dsn: str,
        endpoints: Sequence[Endpoint],
        tell: Callable[[str], None],
        *,
        is_once: bool = False,
    ) -> None:
        self._dsn = dsn
        self._tell = tell
        self._is_once = is_once
        self._stop = Event()
        # That the database is away is told once: where this connection is kept, by it alone.
        self._connecting = Reconnecting(dsn, self._stop, tell)
        apart = Reconnecting(dsn, self._stop, tell if is_once else lambda said: None)
        self.couriers = [
            Courier(each, apart, self._stop, tell, is_once=is_once) for each in endpoints
        ]

    def register(self, *, from_now: bool) -> None:
        """Make each endpoint known to the database, with its filters; tells what waits for it."""
        with closing(database.connect(self._dsn, autocommit=True)) as connection:
            known = {each["consumer"] for each in routines.list_consumers(connection)}
            since = _now(connection) if from_now else None
            for each in (courier.endpoint for courier in self.couriers):
                routines.register_consumer(
                    connection,
                    each.name,
                    each.event_types,
                    each.org_ids,
                    each.badge_definition_ids,
                    since=since,
                )
            for row in routines.list_consumers(connection):
                self._tell_of(row, known)

    def _tell_of(self, row: routines.Row, known: set[str]) -> None:
        name = row["consumer"]
        if name not in {each.endpoint.name for each in self.couriers}:
            return
        if row["disabled_at"] is not None:
            reason = row["disabled_reason"]
            self._tell(f"{name}: disabled, {reason}; `pgmerit relay enable {name}` goes on")
        is_new = "" if name in known else ", seen for the first time"
        self._tell(f"{name}: {row['pending']:,} pending{is_new}")

    def stop(self) -> None:
        """Claim no more, finish what is being sent, give the rest back; for a signal's handler."""
        self._stop.set()
        for each in self.couriers:
            each.wake()

    def run(self) -> dict[str, Tally]:
        """Deliver until stopped, or once until nothing is due; raises PgmeritError."""
        with futures.ThreadPoolExecutor(len(self.couriers), "courier") as threads:
            running = [threads.submit(each.run) for each in self.couriers]
            try:
                if self._is_once:
                    self._await(running)
                self._connecting.keep(lambda connection: self._watch(connection, running))
            finally:
                self.stop()
        for each in running:
            each.result()
        return {each.endpoint.name: each.tally for each in self.couriers}

    def _await(self, running: Sequence[futures.Future[None]]) -> None:
        """Wait, waking now and then for signals."""
        while futures.wait(running, _GLANCE, futures.FIRST_EXCEPTION).not_done:
            if any(each.done() and each.exception() for each in running):
                return

    def _watch(
        self, connection: database.Connection, running: Sequence[futures.Future[None]]
    ) -> None:
        """Wake the couriers at each notification, and look at the alerts each minute."""
        connection.execute(f"listen {_CHANNEL}")
        next_look = 0.0
        while True:
            if time.monotonic() >= next_look:
                routines.check_alerts(connection)
                next_look = time.monotonic() + _ALERTS_EVERY
            if self._stop.is_set() or any(each.done() for each in running):
                return
            for _ in connection.notifies(timeout=_GLANCE, stop_after=1):
                for each in self.couriers:
                    each.wake()


def _now(connection: database.Connection) -> datetime:
    row = connection.execute("select pg_catalog.clock_timestamp() as now").fetchone()
    assert row is not None  # noqa: S101
    moment: datetime = row["now"]
    return moment
