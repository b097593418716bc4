"""Embedded servers of the tests' own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pgmerit.errors import PgmeritError
from pgmerit.server.cluster import Cluster
from pgmerit.server.persistent import PersistentServer

from tests.conftest import roomy_memory

# Only root has to become another user.
collect_ignore = [] if os.geteuid() == 0 else ["test_root_runs_the_server_as_somebody_else.py"]


@pytest.fixture
def home() -> Iterator[Path]:
    """A short folder that any user may enter, in memory where there is room: data is copied."""
    with tempfile.TemporaryDirectory(
        prefix="pgmerit-home-", dir=roomy_memory(), ignore_cleanup_errors=True
    ) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def new_server(home: Path) -> Iterator[PersistentServer]:
    """A server that was never started."""
    server = PersistentServer(home, os.environ.get("TEST_PG_BINDIR"), durable=False)
    yield server
    with contextlib.suppress(PgmeritError):
        server.stop()


def answer(dsn: str, query: str = "select 'there'") -> str:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return str(row[0])


@pytest.fixture(scope="session")
def _initialized() -> Iterator[Path]:
    """A fresh data folder to copy: initdb is the slow part."""
    with tempfile.TemporaryDirectory(
        prefix="pgmerit-seed-", dir=roomy_memory(), ignore_cleanup_errors=True
    ) as name:
        Path(name).chmod(0o755)
        cluster = Cluster(Path(name), os.environ.get("TEST_PG_BINDIR"), durable=False)
        cluster.initialize()
        yield cluster.data


@pytest.fixture
def persistent(new_server: PersistentServer, _initialized: Path) -> PersistentServer:
    """A server with data that was not started yet."""
    with new_server.locked():
        subprocess.run(["cp", "-a", str(_initialized), str(new_server.data)], check=True)
    return new_server
