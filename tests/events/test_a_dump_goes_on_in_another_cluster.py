"""pg_dump, pg_restore into a cluster whose transactions are numbered lower, and on."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from pgmerit import database, schema
from pgmerit.database import Connection
from pgmerit.server.attached import attached_server
from pgmerit.server.binaries import find_bindir

from tests.engine import ANN, BEN, value
from tests.events.feed import drain, tell


@pytest.mark.soak
def test_a_dump_restored_into_another_cluster_is_told_once(
    connection: Connection, dsn: str, tmp_path: Path
) -> None:
    for _ in range(3000):
        value(connection, "select pg_current_xact_id()::text")
    taken = tell(connection, ANN, 3)
    assert drain(connection) == taken
    untaken = tell(connection, BEN, 2)
    bindir = os.environ.get("TEST_PG_BINDIR")
    programs = find_bindir(bindir)
    dump = tmp_path / "dump"
    subprocess.run([programs / "pg_dump", "-Fc", "-f", dump, dsn], check=True)
    with (
        tempfile.TemporaryDirectory(prefix="pgmerit-tests-") as home,
        contextlib.ExitStack() as opened,
    ):
        Path(home).chmod(0o755)
        other = opened.enter_context(attached_server(Path(home), bindir, durable=False))
        for name in ("roles", "restored"):
            other.create_database(name)
        schema.migrate(other.dsn("roles"))
        restored = other.dsn("restored")
        subprocess.run([programs / "pg_restore", "-d", restored, dump], check=True)
        schema.migrate(restored)
        session = opened.enter_context(
            contextlib.closing(database.connect(restored, autocommit=True))
        )
        new = tell(session, ANN, 2)
        assert drain(session) == [*untaken, *new]
        newer = tell(session, BEN)
        assert drain(session) == newer
        assert drain(session, "auditor") == [*taken, *untaken, *new, *newer]
