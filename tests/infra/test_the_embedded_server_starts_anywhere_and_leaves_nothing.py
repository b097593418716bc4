"""The embedded server as root and as an ordinary user, after crashes, and tied to its starter."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from pgmerit.errors import PgmeritError
from pgmerit.server import cluster as clusters
from pgmerit.server.attached import attached_server
from pgmerit.server.cluster import Cluster
from pgmerit.server.persistent import PersistentServer
from pgmerit.server.processes import process_state

from tests.conftest import CliResult
from tests.infra.conftest import answer

Cli = Callable[..., CliResult]

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def _wait_until(is_true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 30
    while not is_true():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)


def test_it_starts_once_keeps_its_data_and_stops(persistent: PersistentServer) -> None:
    assert persistent.start()
    assert not persistent.start()
    with psycopg.connect(persistent.dsn(), autocommit=True) as connection:
        connection.execute("create table kept (n int)")
    assert persistent.stop()
    assert not persistent.stop()
    assert persistent.start()
    assert answer(persistent.dsn(), "select count(*) from kept") == "0"


def test_it_listens_on_a_private_socket_only(persistent: PersistentServer) -> None:
    persistent.start()
    assert answer(persistent.dsn(), "show listen_addresses") == ""
    assert stat.S_IMODE(persistent.socket_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(persistent.data.stat().st_mode) == 0o700
    assert answer(persistent.dsn(), "show server_encoding") == "UTF8"


def test_a_killed_server_starts_again(persistent: PersistentServer) -> None:
    persistent.start()
    pid = persistent.server_pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    _wait_until(lambda: not persistent.is_running(), "the server is dead")
    assert (persistent.data / "postmaster.pid").exists()
    assert persistent.start()
    assert answer(persistent.dsn()) == "there"


@pytest.mark.parametrize("who", ["a zombie", "another program"])
def test_a_lock_whose_number_is_somebody_elses_does_not_block(
    persistent: PersistentServer, who: str
) -> None:
    persistent.start()
    persistent.stop()
    zombie = subprocess.Popen(["true"])
    _wait_until(lambda: process_state(zombie.pid) == ("true", "Z"), "the process is a zombie")
    pid = zombie.pid if who == "a zombie" else os.getpid()
    (persistent.data / "postmaster.pid").write_text(
        f"{pid}\n{persistent.data}\n1\n5432\n{persistent.socket_dir}\n\n0 0\nready\n"
    )
    (persistent.socket_dir / ".s.PGSQL.5432.lock").write_text(f"{pid}\n")
    assert persistent.start()
    zombie.wait()


def test_a_killed_initdb_leaves_no_half_cluster(
    new_server: PersistentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Cluster.run

    def fail(self: Cluster, program: str, arguments: list[str]) -> object:
        if program == "initdb":
            (Path(arguments[1]) / "PG_VERSION").write_text("half")
            return subprocess.CompletedProcess([], 1, "", "initdb: error: no room\n")
        return real(self, program, arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Cluster, "run", fail)
        with pytest.raises(PgmeritError, match="initdb failed: initdb: error: no room"):
            new_server.start()
    assert not new_server.data.exists()
    assert new_server.start()


def test_two_starts_at_once_start_one_server(new_server: PersistentServer) -> None:
    started: list[bool] = []
    threads = [
        threading.Thread(target=lambda: started.append(new_server.start())) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(started) == [False, True]


def test_a_path_too_long_for_a_socket_gets_a_short_one(home: Path) -> None:
    deep = home / ("a-long-name-" * 8)
    with attached_server(deep, os.environ.get("TEST_PG_BINDIR"), durable=False) as cluster:
        assert len(str(cluster.socket_dir)) < 60
        assert answer(cluster.dsn("postgres")) == "there"
        short = cluster.socket_dir
    short.rmdir()


def test_a_socket_folder_that_belongs_to_another_user_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Cluster, "socket_dir", Path("/proc/1"))
    with pytest.raises(PgmeritError, match="belongs to another user"):
        PersistentServer(home).start()


def test_data_of_another_version_is_named(persistent: PersistentServer) -> None:
    persistent.start()
    persistent.stop()
    (persistent.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(PgmeritError, match="the data is of PostgreSQL 9"):
        persistent.start()


def test_a_folder_without_binaries_is_refused(home: Path) -> None:
    with pytest.raises(PgmeritError, match="no PostgreSQL server in"):
        PersistentServer(home, home).start()


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    bindir = os.environ.get("TEST_PG_BINDIR")
    with (
        pytest.raises(PgmeritError, match="invalid value for parameter"),
        attached_server(home, bindir, {"max_connections": "none"}, durable=False),
    ):
        pass


def test_libpqs_variables_do_not_lead_it_astray(
    persistent: PersistentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("LC_ALL", "xx_XX.nothing")
    assert persistent.start()
    assert answer(persistent.dsn()) == "there"


def test_an_attached_server_ends_with_its_block(home: Path) -> None:
    with attached_server(home, os.environ.get("TEST_PG_BINDIR"), durable=False) as cluster:
        assert cluster.is_running()
        with pytest.raises(PgmeritError), attached_server_at_once(home):
            pass
    assert not cluster.is_running()


@contextlib.contextmanager
def attached_server_at_once(home: Path) -> Iterator[None]:
    """Try for a second server on the same data without waiting for the first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clusters, "START_SECONDS", 0.1)
        with attached_server(home):
            yield


def test_an_attached_server_dies_with_a_killed_process(home: Path) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from pgmerit.server.attached import attached_server\n"
        "with attached_server(Path(sys.argv[1]), sys.argv[2] or None, durable=False):\n"
        "    print('up', flush=True)\n"
        "    time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(home), os.environ.get("TEST_PG_BINDIR", "")],
        stdout=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    cluster = Cluster(home)
    assert cluster.is_running()
    process.kill()
    process.wait()
    process.stdout.close()
    _wait_until(lambda: not cluster.is_running(), "the server ended")


def test_the_db_commands_start_tell_and_stop(home: Path, cli: Cli) -> None:
    where = {
        "PGMERIT_HOME": str(home),
        "PGMERIT_PG_BINDIR": os.environ.get("TEST_PG_BINDIR"),
    }
    assert cli("db", "status", env=where).exit_code == 1
    for command in ("dsn", "psql"):
        missing = cli("db", command, env=where)
        assert missing.exit_code == 2
        assert "error: the embedded server does not run\n" in missing.stderr
    try:
        started = cli("db", "start", "--format", "json", env=where)
        assert started.stderr == "started\n"
        status = json.loads(started.stdout)
        assert status["running"]
        assert cli("db", "status", env=where).exit_code == 0
        dsn = cli("db", "dsn", env=where).stdout.strip()
        assert dsn == status["dsn"]
        assert answer(dsn) == "there"
        # The embedded server is also what a command without a named database uses.
        assert "0001_tables" in cli("migrate", "--plan", env=where).stdout
        # Another database of the same server, whatever server the variables name.
        elsewhere = {"PGMERIT_DSN": "host=nowhere", "PGHOST": "nowhere", "PGSERVICE": "nowhere"}
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pgmerit", "db", "psql", "-XAt", "-d", "postgres"),
                *("-c", "select current_database(), current_setting('data_directory')"),
            ],
            env={**ENVIRONMENT, **{k: v for k, v in where.items() if v}, **elsewhere},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == f"postgres|{status['data']}\n"
        assert done.stderr == (
            f"this is the embedded server of {home}; PGMERIT_DSN names another\n"
        )
    finally:
        assert cli("db", "stop", env=where).stderr == "stopped\n"
    assert cli("db", "stop", env=where).stderr == "it did not run\n"
