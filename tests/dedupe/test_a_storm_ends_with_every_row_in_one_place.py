"""Duplicates all the while, kills at random points, a long reader: run again, it converges."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.dedupe import storm
from tests.dedupe.pooler import transaction_pooler

CONSTRAINT = "user_badges_user_id_badge_id_key"
VICTIMS = ("client", "session", "backend", "server")
RUN_SECONDS = 120


@pytest.fixture
def stormy() -> Iterator[storm.StormServer]:
    """A server that may be killed."""
    with tempfile.TemporaryDirectory(prefix="pgmerit-storm-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        made = storm.StormServer(Path(name))
        yield made
        made.stop()


def _kill(victim: str, runner: subprocess.Popen[str], server: storm.StormServer) -> None:
    if victim == "client":
        os.kill(runner.pid, signal.SIGKILL)
    elif victim == "server":
        server.kill_server()
    else:
        server.kill_backend(hard=victim == "backend")
        server.wait_until_up()


def _finish(dsn: str, *more: str) -> list[str]:
    """Run until it is done; gives what was said on the way, at most a few times."""
    said: list[str] = []
    for _ in range(6):
        runner = storm.start_runner(dsn, *more)
        out, err = runner.communicate(timeout=RUN_SECONDS)
        said.append(out + err)
        assert "Traceback" not in err
        if runner.returncode == 0:
            return said
        time.sleep(0.2)
    raise AssertionError("\n".join(said))


def _weather(
    server: storm.StormServer, kills: list[str], seed: int, rows: int, reader_seconds: float = 0.3
) -> None:
    """Let writers write, kill on and on, then let it finish; compare."""
    chance = random.Random(seed)
    server.prepare(rows, keys=400)
    writers = [storm.Writer(server.dsn, seed + n, pause=0.01) for n in range(3)]
    reader = storm.LongReader(server.dsn, reader_seconds)
    with storm.writing(writers, reader) as ledger:
        for victim in kills:
            runner = storm.start_runner(server.dsn, "--batch-rows", "50")
            try:
                # It needs some 0.4 s to begin.
                runner.wait(0.3 + chance.random())
            except subprocess.TimeoutExpired:
                _kill(victim, runner, server)
            _, said = runner.communicate(timeout=RUN_SECONDS)
            assert "Traceback" not in said
        _finish(server.dsn, "--batch-rows", "50")
        time.sleep(0.2)
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        storm.assert_calm(connection, ledger, CONSTRAINT)
    may_break = bool({"backend", "server"} & {*kills})
    storm.assert_undisturbed(ledger, CONSTRAINT, may_break=may_break)


def test_each_kind_of_kill_loses_nothing(stormy: storm.StormServer) -> None:
    _weather(stormy, list(VICTIMS), seed=8, rows=2000)


def test_writers_behind_a_transaction_pooler_go_on(empty_dsn: str) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        storm.make_table(connection, 2000, 400)
        with transaction_pooler(empty_dsn) as through:
            writers = [storm.Writer(through, seed) for seed in range(4)]
            with storm.writing(writers) as ledger:
                _finish(empty_dsn)
                time.sleep(0.2)
        storm.assert_calm(connection, ledger, CONSTRAINT)
        storm.assert_undisturbed(ledger, CONSTRAINT)


def test_a_transaction_pooler_in_between_is_refused(empty_dsn: str) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        storm.make_table(connection, 100, 40)
        with transaction_pooler(empty_dsn) as through:
            runner = storm.start_runner(through)
            _, said = runner.communicate(timeout=RUN_SECONDS)
        assert runner.returncode == 2
        assert "pooler" in said
        assert "Name the server itself" in said
        found = connection.execute("select to_regnamespace('pgmerit_dedupe')").fetchone()
        assert found == (None,)


@pytest.mark.soak
def test_many_storms_lose_nothing() -> None:
    chance = random.Random(0)
    end = time.monotonic() + float(os.environ.get("SOAK_SECONDS", "600"))
    while time.monotonic() < end:
        seed = chance.randrange(10**6)
        print(f"seed {seed}")
        with tempfile.TemporaryDirectory(prefix="pgmerit-storm-") as name:
            Path(name).chmod(0o755)
            server = storm.StormServer(Path(name))
            try:
                kills = [chance.choice(VICTIMS) for _ in range(chance.randint(2, 8))]
                # The long one outlives every lock timeout.
                reader_seconds = chance.choice((0.3, 8.0))
                _weather(server, kills, seed, chance.choice((3000, 30_000)), reader_seconds)
            finally:
                server.stop()
