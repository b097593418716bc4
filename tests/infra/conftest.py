"""Embedded servers of the tests' own."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from orchestrator.embedded import PersistentServer
from orchestrator.errors import PgmeritError

# Only root has to become another user.
collect_ignore = [] if os.geteuid() == 0 else ["test_root_runs_the_server_as_somebody_else.py"]


@pytest.fixture
def home() -> Iterator[Path]:
    """A short folder that any user may enter."""
    with tempfile.TemporaryDirectory(prefix="pgmerit-home-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def persistent(home: Path) -> Iterator[PersistentServer]:
    server = PersistentServer(home, os.environ.get("TEST_PG_BINDIR"), durable=False)
    yield server
    with contextlib.suppress(PgmeritError):
        server.stop()


def answer(dsn: str, query: str = "select 'there'") -> str:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return str(row[0])
