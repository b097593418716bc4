"""PgBouncer in transaction mode in front of a test's server."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pgmerit.server.processes import clean_environment
from psycopg.conninfo import conninfo_to_dict, make_conninfo

PORT = 6432


def find_pgbouncer() -> str:
    """Give the program; skip the test where there is none."""
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        pytest.skip("pgbouncer is not installed (apt-get install pgbouncer)")
    return found


@contextlib.contextmanager
def transaction_pooler(dsn: str) -> Iterator[str]:
    """Run PgBouncer with two server sessions for all its clients; gives the way through it."""
    program = find_pgbouncer()
    told = {name: str(value) for name, value in conninfo_to_dict(dsn).items()}
    user = _user_of(told.get("host", ""))
    with tempfile.TemporaryDirectory(prefix="pgmerit-pooler-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user:
            os.chown(folder, user["user"], user["group"])
        target = {"host": "", "port": "5432", "user": "postgres", "password": ""} | told
        route = " ".join(
            f"{word}={target[word]}"
            for word in ("host", "port", "user", "password", "dbname")
            if target.get(word)
        )
        settings = {
            "listen_addr": "",
            "listen_port": PORT,
            "unix_socket_dir": folder,
            "auth_type": "any",
            "pool_mode": "transaction",
            "default_pool_size": 2,
            "logfile": folder / "log",
            "pidfile": folder / "pid",
            "ignore_startup_parameters": "extra_float_digits",
        }
        lines = ["[databases]", f"{told['dbname']} = {route}", "[pgbouncer]"]
        lines += [f"{setting} = {value}" for setting, value in settings.items()]
        (folder / "pgbouncer.ini").write_text("\n".join(lines) + "\n")
        process = subprocess.Popen(
            [program, "-q", str(folder / "pgbouncer.ini")],
            env=clean_environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **user,
        )
        try:
            through = make_conninfo(
                host=name, port=PORT, user=target["user"], dbname=told["dbname"]
            )
            _wait_until_up(process, through)
            yield through
        finally:
            process.terminate()
            process.wait(10)


def _user_of(host: str) -> dict[str, Any]:
    """Say as whom to run it: root may not, and the server's socket is open to its user alone."""
    if os.geteuid() != 0:
        return {}
    nobody = 65534
    owner = os.stat(host).st_uid if host.startswith("/") else 0
    return {"user": owner or nobody, "group": nobody, "extra_groups": []}


def _wait_until_up(process: subprocess.Popen[bytes], dsn: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(dsn, connect_timeout=5, prepare_threshold=None).close()
        except psycopg.OperationalError:
            assert process.poll() is None, "pgbouncer ended"
            assert time.monotonic() < deadline, "pgbouncer does not answer"
            time.sleep(0.02)
        else:
            return
