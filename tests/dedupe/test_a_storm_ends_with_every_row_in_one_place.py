"""Duplicates all the while, kills at random points, a long reader: run again, it converges."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.dedupe import storm
from tests.dedupe.pooler import transaction_pooler

CONSTRAINT = "user_badges_user_id_badge_id_key"
VICTIMS = ("client", "session", "backend", "server")
RUN_SECONDS = 120

Start = Callable[[], subprocess.Popen[str]]


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


def _finish(start: Start) -> None:
    """Run until it is done, at most a few times."""
    said: list[str] = []
    for _ in range(6):
        runner = start()
        said += runner.communicate(timeout=RUN_SECONDS)
        assert "Traceback" not in said[-1]
        if runner.returncode == 0:
            return
        time.sleep(0.2)
    raise AssertionError("\n".join(said))


def _weather(
    server: storm.StormServer,
    kills: list[str],
    seed: int,
    rows: int,
    *,
    reader_seconds: float = 0.3,
    by_script: bool = False,
) -> None:
    """Let writers write, kill on and on, then let it finish; compare."""
    chance = random.Random(seed)
    server.prepare(rows, keys=400)
    script = (
        storm.print_script(server.dsn, server.home, "--batch-rows", "50") if by_script else None
    )

    def start() -> subprocess.Popen[str]:
        if script is None:
            return storm.start_runner(server.dsn, "--batch-rows", "50")
        return storm.start_script(server.dsn, script)

    writers = [storm.Writer(server.dsn, seed + n, pause=0.01) for n in range(3)]
    reader = storm.LongReader(server.dsn, reader_seconds)
    with storm.writing(writers, reader) as ledger:
        for victim in kills:
            runner = start()
            try:
                # The command needs some 0.4 s to begin.
                runner.wait(0.3 * (not by_script) + chance.random())
            except subprocess.TimeoutExpired:
                _kill(victim, runner, server)
            _, said = runner.communicate(timeout=RUN_SECONDS)
            assert "Traceback" not in said
        _finish(start)
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
                _finish(lambda: storm.start_runner(empty_dsn))
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
                _weather(
                    server,
                    kills,
                    seed,
                    rows=chance.choice((3000, 30_000)),
                    reader_seconds=chance.choice((0.3, 8.0)),
                    by_script=chance.random() < 0.5,
                )
            finally:
                server.stop()
