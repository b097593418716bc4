"""Fixtures for the tests of applications: `pytest_plugins = ["pgmerit.testing"]` in conftest.py.

`pgmerit_dsn` is the connection string of a migrated database of the test's own, on an embedded
server that lives as long as the session; `pgmerit_connection` is a psycopg connection to it that
commits each statement.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgmerit import schema
from pgmerit.server.attached import attached_server
from pgmerit.server.cluster import Cluster

TEMPLATE = "pgmerit_template"
_numbers = itertools.count(1)


@contextmanager
def migrated_server(bindir: Path | str | None = None) -> Iterator[Cluster]:
    """Run a throw-away server for a block, with the migrated database `TEMPLATE` in it."""
    home = Path(tempfile.mkdtemp(prefix="pgmerit-tests-"))
    home.chmod(0o755)
    try:
        with attached_server(home, bindir, durable=False) as cluster:
            cluster.create_database(TEMPLATE)
            schema.migrate(cluster.dsn(TEMPLATE))
            yield cluster
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def pgmerit_server() -> Iterator[Cluster]:
    """Run an embedded server with a migrated database, of which each test gets a copy."""
    with migrated_server() as cluster:
        yield cluster


@pytest.fixture
def pgmerit_dsn(pgmerit_server: Cluster) -> Iterator[str]:
    """Give a migrated database of the test's own."""
    name = f"pgmerit_test_{next(_numbers)}"
    with psycopg.connect(pgmerit_server.dsn("postgres"), autocommit=True) as administrator:
        administrator.execute(
            sql.SQL("create database {} template {}").format(
                sql.Identifier(name), sql.Identifier(TEMPLATE)
            )
        )
        yield pgmerit_server.dsn(name)
        administrator.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def pgmerit_connection(pgmerit_dsn: str) -> Iterator[psycopg.Connection[Any]]:
    """Give a connection to a migrated database of the test's own, each statement committed."""
    with psycopg.connect(pgmerit_dsn, autocommit=True) as connection:
        yield connection
