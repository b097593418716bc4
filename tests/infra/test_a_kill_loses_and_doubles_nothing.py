"""Kill client, backend and server while writers write: snapshot and awards are exact afterwards."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import threading
import time
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from pgmerit import routines, schema
from pgmerit.database import Connection, connect
from pgmerit.errors import PgmeritError
from pgmerit.server.attached import attached_server
from pgmerit.server.cluster import Cluster

from tests import engine

BADGES = {
    "first": {"type": "threshold", "at_least": 1},
    "every_fifth": {
        "type": "threshold",
        "at_least": 5,
        "repeat": {"every": 5, "max": 200},
    },
    "both": {
        "type": "all_of",
        "criteria": [
            {"type": "threshold", "activity": "call", "at_least": 3},
            {"type": "threshold", "activity": "visit", "at_least": 3},
        ],
    },
    "active": {"type": "streak", "unit": "day", "length": 2},
}
PEOPLE = [engine.person(f"mentor {n}") for n in range(12)]
VICTIMS = ("client", "backend", "server")


class Writers:
    """Threads that record activities until told to stop, and remember what was acknowledged."""

    def __init__(self, dsn: str, seed: int) -> None:
        self.dsn = dsn
        self.acknowledged: set[str] = set()
        self.stopping = threading.Event()
        self.threads = [
            threading.Thread(target=self._write, args=(random.Random(seed + n),)) for n in range(3)
        ]

    def __enter__(self) -> Writers:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def _write(self, chance: random.Random) -> None:
        while not self.stopping.is_set():
            with (
                contextlib.suppress(psycopg.OperationalError, PgmeritError),
                contextlib.closing(connect(self.dsn, autocommit=True)) as connection,
            ):
                while not self.stopping.is_set():
                    self._record(connection, chance)

    def _record(self, connection: Connection, chance: random.Random) -> None:
        key = str(uuid4())
        routines.record_activity(
            connection,
            chance.choice(PEOPLE),
            engine.ORG,
            chance.choice(("call", "visit")),
            engine.moment("2026-03-01", f"{chance.randrange(24):02}:00"),
            idempotency_key=key,
        )
        self.acknowledged.add(key)


def _kill(victim: str, cluster: Cluster, dsn: str) -> None:
    """Kill without warning."""
    if victim == "server":
        pid = cluster.server_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        return
    if victim == "backend":
        with contextlib.closing(connect(dsn, autocommit=True)) as connection:
            backends = engine.rows(
                connection,
                "select pid from pg_stat_activity where backend_type = 'client backend'"
                " and datname = current_database() and pid <> pg_backend_pid()",
            )
            os.kill(backends[0]["pid"], signal.SIGKILL)
            # A server that is stopped while it begins anew may hang until it is stopped at once.
            engine.until(lambda: _has_ended(connection))
        _wait_until_up(dsn).close()
    if victim == "client":
        # Gone in the middle of its transaction, without a word.
        lost = connect(dsn)
        routines.record_activity(lost, PEOPLE[0], engine.ORG, "call")
        with socket.socket(fileno=os.dup(lost.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
        lost.close()


def _has_ended(connection: Connection) -> bool:
    with contextlib.suppress(psycopg.OperationalError):
        connection.execute("select 1")
    return connection.broken


def _wait_until_up(dsn: str) -> Connection:
    deadline = time.monotonic() + 60
    while True:
        try:
            return connect(dsn, autocommit=True)
        except PgmeritError:
            assert time.monotonic() < deadline, "the server does not come back"
            time.sleep(0.05)


def _round(home: Path, victim: str, seed: int) -> None:
    """Write, kill, start again, compare."""
    bindir = os.environ.get("TEST_PG_BINDIR")
    # A killed process loses nothing that the system holds; only the log must be written first.
    settings = {"synchronous_commit": "on"}
    with attached_server(home, bindir, settings, durable=False) as cluster:
        dsn = cluster.dsn("killed")
        with Writers(dsn, seed) as writers:
            engine.until(lambda: len(writers.acknowledged) >= 60)
            _kill(victim, cluster, dsn)
            if victim == "server":
                engine.until(lambda: not cluster.is_running())
            else:
                count = len(writers.acknowledged)
                engine.until(lambda: len(writers.acknowledged) > count)
    with (
        attached_server(home, bindir, settings, durable=False) as cluster,
        contextlib.closing(_wait_until_up(cluster.dsn("killed"))) as connection,
    ):
        kept = {
            row["idempotency_key"]
            for row in engine.rows(connection, "select idempotency_key from badges.activities")
        }
        assert writers.acknowledged <= kept
        assert None not in kept, "what the lost client wrote was not committed"
        engine.assert_exact(connection)


def _prepare(home: Path) -> None:
    bindir = os.environ.get("TEST_PG_BINDIR")
    with attached_server(home, bindir, durable=False) as cluster:
        cluster.create_database("killed")
        schema.migrate(cluster.dsn("killed"))
        with contextlib.closing(connect(cluster.dsn("killed"), autocommit=True)) as connection:
            engine.apply(connection, engine.rule_set(BADGES))


def test_each_kind_of_kill_leaves_everything_exact(home: Path) -> None:
    _prepare(home)
    for seed, victim in enumerate(VICTIMS):
        _round(home, victim, seed)


@pytest.mark.soak
def test_many_kills_leave_everything_exact(home: Path) -> None:
    _prepare(home)
    chance = random.Random(0)
    end = time.monotonic() + float(os.environ.get("SOAK_SECONDS", "600"))
    while time.monotonic() < end:
        _round(home, chance.choice(VICTIMS), chance.randrange(10**6))
