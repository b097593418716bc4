"""Migrations and replaceable SQL: bringing a database up to this version of pgmerit, and back.

Migrations (`migrations/`) hold data and run once, through yoyo, each in one transaction with its
mark. Replaceable SQL (`sql/`, in the order of `manifest.txt`) is loaded whole, in one transaction,
whenever a file or a loaded object is not as it should be. A session advisory lock lets one run at
a time work. What was applied and loaded is kept in the schema badges_internal.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from yoyo import read_migrations
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.migrations import Migration, MigrationList

from pgmerit import database
from pgmerit.database import Connection
from pgmerit.errors import BusyError, NotMigratedError, PgmeritError, translate

SCHEMAS = ("badges", "badges_internal")
LOCK_KEY = 6_005_137_744_601_284_612  # any number that nobody else uses
_PACKAGE = Path(__file__).resolve().parents[1]

_BOOKKEEPING = """
create table badges_internal.migration_files (
    migration_id text collate "C" primary key,
    sha256 text not null, -- of the file as it was applied
    applied_at timestamptz not null
);
create table badges_internal.loaded_files (
    path text collate "C" primary key,
    sha256 text not null,
    loaded_at timestamptz not null
);
create table badges_internal.loaded_objects (
    kind text collate "C" not null, -- routine or trigger
    identity text collate "C" not null,
    fingerprint text not null, -- md5 of its definition as the server gives it
    primary key (kind, identity)
);
"""

_CATALOGUE = """
select
    'routine' as kind,
    p.oid::pg_catalog.regprocedure::text as identity,
    p.oid::text || ':' || p.xmin::text as written,
    pg_catalog.md5(pg_catalog.pg_get_functiondef(p.oid)) as fingerprint
from pg_catalog.pg_proc as p
where p.pronamespace in (
    select oid from pg_catalog.pg_namespace where nspname in ('badges', 'badges_internal')
)
and p.prokind in ('f', 'p')
union all
select
    'trigger',
    pg_catalog.format('%I on %s', t.tgname, t.tgrelid::pg_catalog.regclass),
    t.oid::text || ':' || t.xmin::text,
    pg_catalog.md5(pg_catalog.pg_get_triggerdef(t.oid))
from pg_catalog.pg_trigger as t
join pg_catalog.pg_proc as p on p.oid = t.tgfoid
where not t.tgisinternal
and t.tgparentid = 0
and p.pronamespace in (
    select oid from pg_catalog.pg_namespace where nspname in ('badges', 'badges_internal')
)
"""

_FOREIGN_DEPENDENTS = """
with recursive
dependents (classid, objid) as (
    select 'pg_catalog.pg_proc'::pg_catalog.regclass::oid, p.oid
    from pg_catalog.pg_proc as p
    where p.oid::pg_catalog.regprocedure::text = any(%(routines)s)
    union
    select d.classid, d.objid
    from pg_catalog.pg_depend as d
    join dependents on d.refclassid = dependents.classid and d.refobjid = dependents.objid
    where d.deptype in ('n', 'a')
)
select pg_catalog.pg_describe_object(d.classid, d.objid, 0) as dependent
from dependents as d
where not (
    d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    and d.objid::pg_catalog.regprocedure::text = any(%(ours)s)
)
and d.classid <> 'pg_catalog.pg_trigger'::pg_catalog.regclass
"""

_CREATED_ROUTINE = re.compile(
    r"^\s*create\s+(?:or\s+replace\s+)?(?:function|procedure)\s+([\w.]+)\s*\(",
    re.IGNORECASE | re.MULTILINE,
)

# What CREATE OR REPLACE says when it cannot replace: another result, other parameter names or
# fewer defaults; and a function that became a procedure.
_IRREPLACEABLE = (psycopg.errors.InvalidFunctionDefinition, psycopg.errors.WrongObjectType)

Tell = Callable[[str], None]
Key = tuple[str, str]


def sql_dir() -> Path:
    """Give the folder of replaceable SQL: inside an installed package, else the checkout's."""
    return _data_dir("_sql", "sql")


def migrations_dir() -> Path:
    """Give the folder of migrations: inside an installed package, else the checkout's."""
    return _data_dir("_migrations", "migrations")


@dataclass(frozen=True)
class Sources:
    """Where migrations and replaceable SQL are read from."""

    migrations: Path = field(default_factory=migrations_dir)
    files: Path = field(default_factory=sql_dir)


@dataclass(frozen=True)
class SourceFile:
    """A file to run: `name` is the migration's id, or the path below `sql/`."""

    name: str
    path: Path
    text: str
    sha256: str

    @classmethod
    def read(cls, name: str, path: Path) -> SourceFile:
        """Read a file and its checksum."""
        content = path.read_bytes()
        return cls(name, path, content.decode(), hashlib.sha256(content).hexdigest())


@dataclass
class Report:
    """What a run did, or what a plan would do."""

    applied: list[str] = field(default_factory=list)
    rolled_back: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def is_empty(self) -> bool:
        """Tell whether there was nothing to do."""
        return not (self.applied or self.rolled_back or self.loaded or self.dropped)

    def as_dict(self) -> dict[str, list[str]]:
        """Give the report as an object of lists."""
        return asdict(self)


@dataclass(frozen=True)
class State:
    """What the database says about itself."""

    is_installed: bool
    migrations: dict[str, str | None]  # applied, with the checksum of the file as it was
    files: dict[str, str]
    objects: dict[Key, str]
    catalogue: dict[Key, tuple[str, str]]  # what is there: when written, and its fingerprint

    def changed_objects(self) -> list[str]:
        """List the loaded objects that are gone or not as they were loaded."""
        return [
            identity
            for (kind, identity), fingerprint in sorted(self.objects.items())
            if self.catalogue.get((kind, identity), ("", ""))[1] != fingerprint
        ]

    def foreign_objects(self) -> list[str]:
        """List routines in our schemas, and triggers that call them, that we did not load."""
        return sorted(identity for kind, identity in self.catalogue.keys() - self.objects.keys())


def read_manifest(folder: Path) -> list[SourceFile]:
    """Read the replaceable files in the order of the manifest: one path a line, # comments."""
    manifest = folder / "manifest.txt"
    try:
        lines = manifest.read_text().splitlines()
    except OSError as exc:
        raise PgmeritError(f"the manifest {manifest} cannot be read: {exc.strerror}") from exc
    files: dict[str, SourceFile] = {}
    for number, line in enumerate(lines, start=1):
        name = line.partition("#")[0].strip()
        if not name:
            continue
        if name in files:
            raise PgmeritError(f"{manifest} names {name} twice, again on line {number}")
        try:
            files[name] = SourceFile.read(name, folder / name)
        except OSError as exc:
            raise PgmeritError(
                f"{manifest} line {number} names {name}, which cannot be read: {exc.strerror}"
            ) from exc
    return list(files.values())


def read_migration_files(folder: Path) -> dict[str, SourceFile]:
    """Read the migrations by id; each must have its rollback beside it."""
    found = {
        path.stem: SourceFile.read(path.stem, path)
        for path in sorted(folder.glob("*.sql"))
        if not path.name.endswith(".rollback.sql")
    }
    if not found:
        raise PgmeritError(f"there are no migrations in {folder}")
    for name in found:
        if not (folder / f"{name}.rollback.sql").is_file():
            raise PgmeritError(f"the migration {name} has no rollback beside it")
    return found


def read_state(connection: Connection) -> State:
    """Read what is applied and loaded; changes nothing."""
    if _exists(connection, "badges_internal.migration_files"):
        files = _pairs(connection, "select path, sha256 from badges_internal.loaded_files")
        objects = {
            (row["kind"], row["identity"]): row["fingerprint"]
            for row in connection.execute("select * from badges_internal.loaded_objects")
        }
        is_installed = True
    else:
        files, objects, is_installed = {}, {}, False
    applied: dict[str, str | None] = {}
    if is_installed and _exists(connection, "badges_internal._yoyo_migration"):
        applied = _pairs(
            connection,
            "select y.migration_id, f.sha256 from badges_internal._yoyo_migration as y "
            "left join badges_internal.migration_files as f using (migration_id) "
            "order by y.migration_id",
        )
    return State(is_installed, applied, files, objects, _read_catalogue(connection))


def history_problems(state: State, migrations: dict[str, SourceFile]) -> list[dict[str, str]]:
    """List applied migrations whose file is gone or is not as it was when it was applied."""
    problems = []
    for name, sha256 in state.migrations.items():
        if name not in migrations:
            text = "was applied, but its file is missing: the database is of a newer version"
            problems.append({"path": name, "message": text})
        elif sha256 is not None and sha256 != migrations[name].sha256:
            text = "was edited after it was applied"
            problems.append({"path": name, "message": text})
    return problems


def plan(dsn: str, sources: Sources | None = None) -> Report:
    """Tell what `migrate` would do; changes nothing."""
    sources = sources or Sources()
    with _connected(dsn) as connection:
        return _planned(connection, sources)


def migrate(
    dsn: str,
    sources: Sources | None = None,
    tell: Tell | None = None,
    wait_seconds: float = 600,
) -> Report:
    """Bring the database up to this version: pending migrations, then replaceable SQL.

    Raises PgmeritError when applied migrations were edited or are missing, when the schemas hold
    what pgmerit did not make, or when another run works for longer than `wait_seconds`.
    """
    sources = sources or Sources()
    migrations = read_migration_files(sources.migrations)
    files = read_manifest(sources.files)
    report = Report()
    with _connected(dsn) as connection, _exclusive(connection, tell, wait_seconds):
        _refuse_foreign_schemas(connection)
        _refuse_changed_history(read_state(connection), migrations)
        _create_bookkeeping(connection)
        backend = _Backend(connection, migrations)
        pending = backend.pending(sources.migrations)
        # Routines that run already must never meet tables of another version.
        together = _last_transactional(pending) if read_state(connection).files else []
        for migration in pending[: len(pending) - len(together)]:
            _apply(backend, migration, report, tell)
        _load(connection, files, report, tell, lambda: _apply_all(backend, together, report, tell))
    return report


def roll_back(
    dsn: str,
    *,
    everything: bool = False,
    drop_data: bool = False,
    sources: Sources | None = None,
    tell: Tell | None = None,
    wait_seconds: float = 600,
) -> Report:
    """Take back the newest migration, or every one; the loaded routines go first.

    Raises PgmeritError when that would drop tables or columns that hold data, unless `drop_data`.
    """
    sources = sources or Sources()
    migrations = read_migration_files(sources.migrations)
    report = Report()
    with _connected(dsn) as connection, _exclusive(connection, tell, wait_seconds):
        state = read_state(connection)
        if not state.migrations:
            return report
        _refuse_changed_history(state, migrations)
        backend = _Backend(connection, migrations)
        chosen = backend.applied(sources.migrations)
        with connection.transaction():
            held = _filled_columns(connection)
            report.dropped += _drop_loaded(connection, state)
            for migration in chosen if everything else chosen[:1]:
                if tell:
                    tell(f"rolling back {migration.id}")
                backend.rollback_one(migration)
                report.rolled_back.append(migration.id)
            if everything:
                _drop_schemas(connection)
            lost = sorted(held - _columns(connection))
            if lost and not drop_data:
                raise PgmeritError(
                    f"rolling back would drop data: {', '.join(_by_table(lost))}",
                    "Add --yes to drop it all the same.",
                )
    return report


def changed_files(state: State, files: Sequence[SourceFile]) -> list[str]:
    """List the replaceable files that are not loaded as they are now."""
    return [file.name for file in files if state.files.get(file.name) != file.sha256]


class _Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]
    """yoyo on our connection, with the migration and its mark in one transaction."""

    def __init__(self, connection: Connection, files: dict[str, SourceFile]) -> None:
        self._shared = connection
        self._files = files
        self.migration_table = "_yoyo_migration"
        super().__init__("", self.migration_table)
        if not _exists(connection, "badges_internal.yoyo_lock"):
            self.create_lock_table()
        # The advisory lock is ours: a row in yoyo_lock was left by a process that was killed.
        self.break_lock()
        self.ensure_internal_schema_updated()

    def connect(self, dburi: Any) -> psycopg.Connection[tuple[Any, ...]]:
        """Give the connection that holds the advisory lock, with rows as yoyo wants them."""
        return _TupleRows(self._shared)  # type: ignore[return-value]

    def quote_identifier(self, s: str) -> str:
        """Quote a name; yoyo's own tables get their schema, whatever the search path is."""
        name: str = super().quote_identifier(s)
        own = (self.migration_table, self.log_table, self.lock_table, self.version_table)
        return f"badges_internal.{name}" if s in own else name

    def list_tables(self, **kwargs: Any) -> list[str]:
        """List the tables of our internal schema."""
        rows = self.execute(
            "select tablename from pg_catalog.pg_tables where schemaname = 'badges_internal'"
        )
        return [row[0] for row in rows.fetchall()]

    def get_log_data(self, migration: Any = None, operation: str = "apply") -> dict[str, Any]:
        """Give yoyo's log row without asking the name service or the passwd file."""
        return {
            "id": str(uuid4()),
            "migration_id": migration.id if migration else None,
            "migration_hash": migration.hash if migration else None,
            "username": self._shared.info.user,
            "hostname": socket.gethostname(),
            "created_at_utc": datetime.now(UTC).replace(tzinfo=None),
            "operation": operation,
        }

    def pending(self, folder: Path) -> list[Migration]:
        """List the migrations to apply, in order."""
        return list(self.to_apply(self._read(folder)))

    def applied(self, folder: Path) -> list[Migration]:
        """List the applied migrations, the newest first."""
        return list(self.to_rollback(self._read(folder)))

    def apply_one(self, migration: Migration, force: bool = False, mark: bool = True) -> None:
        """Apply a migration and mark it; both or neither, unless it says transactional: false."""
        with _explained(migration.id):
            migration.load()
            if not migration.use_transactions:
                migration.process_steps(self, "apply")
            with self._shared.transaction(), self._inside():
                if migration.use_transactions:
                    migration.process_steps(self, "apply")
                self.log_migration(migration, "apply")
                self.mark_one(migration, log=False)
                self._shared.execute(
                    "insert into badges_internal.migration_files values (%s, %s, now()) "
                    "on conflict (migration_id) do update set "
                    "sha256 = excluded.sha256, applied_at = excluded.applied_at",
                    (migration.id, self._files[migration.id].sha256),
                )

    def rollback_one(self, migration: Migration, force: bool = False) -> None:
        """Take a migration back and unmark it, in one transaction."""
        with _explained(migration.id), self._shared.transaction(), self._inside():
            migration.process_steps(self, "rollback")
            self.log_migration(migration, "rollback")
            self.unmark_one(migration, log=False)
            self._shared.execute(
                "delete from badges_internal.migration_files where migration_id = %s",
                (migration.id,),
            )

    @contextlib.contextmanager
    def _inside(self) -> Iterator[None]:
        """Let yoyo use savepoints only: the transaction is begun and ended by us."""
        self._in_transaction = True
        try:
            yield
        finally:
            self._in_transaction = False

    @staticmethod
    def _read(folder: Path) -> MigrationList:
        return read_migrations(_glob_escaped(folder))


class _TupleRows:
    """A connection whose cursors give tuples, whatever the connection's own rows are."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def cursor(self) -> psycopg.Cursor[tuple[Any, ...]]:
        return self._connection.cursor(row_factory=psycopg.rows.tuple_row)


def _planned(connection: Connection, sources: Sources) -> Report:
    migrations = read_migration_files(sources.migrations)
    files = read_manifest(sources.files)
    _refuse_foreign_schemas(connection)
    state = read_state(connection)
    _refuse_changed_history(state, migrations)
    report = Report(applied=[name for name in migrations if name not in state.migrations])
    changed = changed_files(state, files)
    removed = state.files.keys() - {file.name for file in files}
    if report.applied or changed or removed or state.changed_objects():
        report.loaded = changed or [file.name for file in files]
        report.dropped = sorted(removed)
    return report


def _last_transactional(pending: Sequence[Migration]) -> list[Migration]:
    """List the migrations at the end that can share one transaction."""
    last: list[Migration] = []
    for migration in reversed(pending):
        migration.load()
        if not migration.use_transactions:
            break
        last.insert(0, migration)
    return last


def _apply(backend: _Backend, migration: Migration, report: Report, tell: Tell | None) -> None:
    if tell:
        tell(f"applying {migration.id}")
    backend.apply_one(migration)
    report.applied.append(migration.id)


def _apply_all(
    backend: _Backend, migrations: Sequence[Migration], report: Report, tell: Tell | None
) -> bool:
    """Apply migrations inside the transaction that loads; True when there were any."""
    applied = list(report.applied)
    try:
        for migration in migrations:
            _apply(backend, migration, report, tell)
    except BaseException:
        report.applied = applied
        raise
    return bool(migrations)


def _load(
    connection: Connection,
    files: Sequence[SourceFile],
    report: Report,
    tell: Tell | None,
    prepare: Callable[[], bool],
) -> None:
    """Prepare and load every replaceable file in one transaction, unless all is as it should be."""
    applied = list(report.applied)
    for attempt in range(1, 6):
        report.applied = list(applied)
        try:
            with connection.transaction():
                is_prepared = prepare()
                state = read_state(connection)
                changed = changed_files(state, files)
                removed = state.files.keys() - {file.name for file in files}
                if not (is_prepared or changed or removed or state.changed_objects()):
                    return
                if tell:
                    tell(f"loading {len(files)} files")
                report.dropped = _load_all(connection, files, state)
        except BusyError:
            if attempt == 5:
                raise
            time.sleep(attempt)
        else:
            report.loaded = changed or [file.name for file in files]
            return


def _load_all(connection: Connection, files: Sequence[SourceFile], state: State) -> list[str]:
    connection.execute("set local search_path = pg_catalog, pg_temp")
    connection.execute("set local lock_timeout = '5s'")
    connection.execute("set local client_min_messages = warning")
    connection.execute("set local plpgsql.extra_errors = 'shadowed_variables'")
    # Dropping what changed may take along what an earlier file made: then all runs again.
    for _ in range(3):
        if not sum(_load_file(connection, file, state) for file in files):
            break
    after = _read_catalogue(connection)
    written = {
        key for key, found in after.items() if state.catalogue.get(key, ("",))[0] != found[0]
    }
    taken = sorted(written & state.catalogue.keys() - state.objects.keys())
    if taken:
        raise PgmeritError(
            f"{taken[0][1]} is there already and was not made by pgmerit",
            "Drop or rename it; the schemas badges and badges_internal belong to pgmerit.",
        )
    left = sorted((after.keys() & state.objects.keys()) - written)
    _drop_objects(connection, left)
    connection.execute("delete from badges_internal.loaded_files")
    connection.execute("delete from badges_internal.loaded_objects")
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into badges_internal.loaded_files values (%s, %s, now())",
            [(file.name, file.sha256) for file in files],
        )
        cursor.executemany(
            "insert into badges_internal.loaded_objects values (%s, %s, %s)",
            [(*key, after[key][1]) for key in sorted(written)],
        )
    return [identity for _, identity in left]


def _load_file(connection: Connection, file: SourceFile, state: State) -> bool:
    """Load one file; True when something had to be dropped first."""
    is_changed = state.files.get(file.name, file.sha256) != file.sha256
    names = set(_CREATED_ROUTINE.findall(file.text))
    before = _routines(connection, names) if is_changed else set()
    try:
        with connection.transaction():
            connection.execute(file.text.encode())
    except _IRREPLACEABLE as exc:
        if not _drop_changed(connection, names, state):
            raise _located(exc, file) from exc
    except psycopg.Error as exc:
        raise _located(exc, file) from exc
    else:
        # Other parameters make another routine beside the old one, which calls would still find.
        made = _routines(connection, names) - before if before else set()
        return _drop_changed(connection, {each.partition("(")[0] for each in made}, state)
    try:
        connection.execute(file.text.encode())
    except psycopg.Error as exc:
        raise _located(exc, file) from exc
    return True


def _routines(connection: Connection, names: Iterable[str]) -> set[str]:
    """List the routines of these names, with their parameters."""
    found = connection.execute(
        "select p.oid::pg_catalog.regprocedure::text as identity from pg_catalog.pg_proc as p "
        "join pg_catalog.pg_namespace as n on n.oid = p.pronamespace "
        "where n.nspname in ('badges', 'badges_internal') "
        "and n.nspname || '.' || p.proname = any(%s)",
        (list(names),),
    )
    return {row["identity"] for row in found}


def _drop_changed(connection: Connection, names: Iterable[str], state: State) -> bool:
    """Drop our routines of these names, loaded before; False when there are none."""
    ours = [identity for kind, identity in state.objects if kind == "routine"]
    here = [identity for kind, identity in _read_catalogue(connection) if kind == "routine"]
    doomed = [each for each in here if each.partition("(")[0] in names and each in ours]
    if not doomed:
        return False
    present = connection.execute(
        _FOREIGN_DEPENDENTS.encode(), {"routines": doomed, "ours": [*ours, *here]}
    ).fetchall()
    if present:
        raise PgmeritError(
            f"{doomed[0]} must be replaced, but {present[0]['dependent']} depends on it",
            "Drop that first, or change it in a migration.",
        )
    connection.execute(f"drop routine {', '.join(doomed)} cascade".encode())
    return True


def _drop_loaded(connection: Connection, state: State) -> list[str]:
    """Drop everything that the manifest loaded."""
    present = sorted(state.objects.keys() & state.catalogue.keys())
    _drop_objects(connection, present)
    connection.execute("delete from badges_internal.loaded_files")
    connection.execute("delete from badges_internal.loaded_objects")
    return [identity for _, identity in present]


def _drop_objects(connection: Connection, keys: Sequence[Key]) -> None:
    # Identities come quoted from the catalogue.
    routines = [identity for kind, identity in keys if kind == "routine"]
    try:
        for kind, identity in keys:
            if kind == "trigger":
                connection.execute(f"drop trigger {identity}".encode())
        if routines:
            connection.execute(f"drop routine {', '.join(routines)}".encode())
    except psycopg.errors.DependentObjectsStillExist as exc:
        detail = (exc.diag.message_detail or "").splitlines()
        raise PgmeritError(
            f"a routine of pgmerit must go, but something else needs it: {' '.join(detail[:1])}",
            "Drop what depends on it, and run this again.",
        ) from exc


def _located(exc: psycopg.Error, file: SourceFile) -> PgmeritError:
    """Name the file and the line of an error."""
    error = translate(exc)
    position = exc.diag.statement_position
    line = file.text.count("\n", 0, int(position) - 1) + 1 if position else None
    place = f"sql/{file.name}" + (f" line {line}" if line else "")
    return _prefixed(error, place)


def _prefixed(error: PgmeritError, place: str) -> PgmeritError:
    hint = None if isinstance(error, NotMigratedError) else error.hint
    kind = PgmeritError if isinstance(error, NotMigratedError) else type(error)
    return kind(f"{place}: {error.message}", hint, error.details, sqlstate=error.sqlstate)


@contextlib.contextmanager
def _explained(migration_id: str) -> Iterator[None]:
    """Name the migration that failed."""
    try:
        yield
    except psycopg.Error as exc:
        raise _prefixed(translate(exc), f"migration {migration_id}") from exc


@contextlib.contextmanager
def _connected(dsn: str) -> Iterator[Connection]:
    with contextlib.closing(database.connect(dsn, autocommit=True)) as connection:
        try:
            connection.execute("set search_path = pg_catalog, pg_temp")
            yield connection
        except psycopg.Error as exc:
            raise translate(exc) from exc


@contextlib.contextmanager
def _exclusive(connection: Connection, tell: Tell | None, wait_seconds: float) -> Iterator[None]:
    """Hold the advisory lock, polling for it: a waiting call would block concurrent builds."""
    deadline = time.monotonic() + wait_seconds
    has_told = False
    while not _try_lock(connection):
        if time.monotonic() > deadline:
            raise BusyError(
                "another pgmerit migrates this database and does not end",
                "pg_locks shows who holds the advisory lock.",
            )
        if tell and not has_told:
            tell("waiting for another run to end")
            has_told = True
        time.sleep(0.1)
    try:
        yield
    finally:
        if not connection.closed:
            with contextlib.suppress(psycopg.Error):
                connection.execute("select pg_catalog.pg_advisory_unlock(%s)", (LOCK_KEY,))


def _try_lock(connection: Connection) -> bool:
    row = connection.execute(
        "select pg_catalog.pg_try_advisory_lock(%s) as is_ours", (LOCK_KEY,)
    ).fetchone()
    return row is not None and bool(row["is_ours"])


def _refuse_foreign_schemas(connection: Connection) -> None:
    if _exists(connection, "badges_internal.migration_files"):
        return
    found = connection.execute(
        "select n.nspname || '.' || o.name as name from pg_catalog.pg_namespace as n join ("
        " select relnamespace as space, relname::text as name from pg_catalog.pg_class"
        " union all select pronamespace, proname::text from pg_catalog.pg_proc"
        " union all select typnamespace, typname::text from pg_catalog.pg_type where typelem = 0"
        ") as o on o.space = n.oid where n.nspname = any(%s) order by 1 limit 1",
        (list(SCHEMAS),),
    ).fetchone()
    if found is not None:
        raise PgmeritError(
            f"the schemas of pgmerit hold what it did not make: {found['name']}",
            "Use another database, or rename the schemas badges and badges_internal.",
        )


def _refuse_changed_history(state: State, migrations: dict[str, SourceFile]) -> None:
    problems = history_problems(state, migrations)
    if problems:
        raise PgmeritError(
            "the migrations are not those that were applied",
            "Install the version of pgmerit that this database had, or a newer one.",
            [dict(problem) for problem in problems],
        )


def _create_bookkeeping(connection: Connection) -> None:
    if _exists(connection, "badges_internal.migration_files"):
        return
    with connection.transaction():
        for schema in SCHEMAS:
            found = connection.execute(
                "select from pg_catalog.pg_namespace where nspname = %s", (schema,)
            ).fetchone()
            if found is None:
                connection.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
        connection.execute(_BOOKKEEPING.encode())


def _drop_schemas(connection: Connection) -> None:
    """Drop our bookkeeping and the schemas; fails when others keep something in them."""
    for table in (
        *("migration_files", "loaded_files", "loaded_objects"),
        *("_yoyo_migration", "_yoyo_log", "_yoyo_version", "yoyo_lock"),
    ):
        connection.execute(
            sql.SQL("drop table {}").format(sql.Identifier("badges_internal", table))
        )
    for schema in reversed(SCHEMAS):
        connection.execute(sql.SQL("drop schema {}").format(sql.Identifier(schema)))


def _columns(connection: Connection) -> set[tuple[str, str]]:
    """List (table, column) of our tables but for the bookkeeping."""
    rows = connection.execute(
        "select a.attrelid::pg_catalog.regclass::text as table_name, a.attname as column_name"
        " from pg_catalog.pg_attribute as a join pg_catalog.pg_class as c on c.oid = a.attrelid"
        " join pg_catalog.pg_namespace as n on n.oid = c.relnamespace"
        " where n.nspname = any(%s) and c.relkind in ('r', 'p')"
        " and a.attnum > 0 and not a.attisdropped"
        " and c.relname !~ '^(_?yoyo_|migration_files$|loaded_)'",
        (list(SCHEMAS),),
    )
    return {(row["table_name"], row["column_name"]) for row in rows}


def _filled_columns(connection: Connection) -> set[tuple[str, str]]:
    """List (table, column) of our tables that hold rows."""
    columns = _columns(connection)
    filled = set()
    for table in sorted({table for table, _ in columns}):
        row = connection.execute(
            f"select exists (select from {table}) as is_filled".encode()  # noqa: S608
        ).fetchone()
        if row is not None and row["is_filled"]:
            filled.add(table)
    return {(table, column) for table, column in columns if table in filled}


def _by_table(columns: Sequence[tuple[str, str]]) -> list[str]:
    return list(dict.fromkeys(table for table, _ in columns))


def _read_catalogue(connection: Connection) -> dict[Key, tuple[str, str]]:
    return {
        (row["kind"], row["identity"]): (row["written"], row["fingerprint"])
        for row in connection.execute(_CATALOGUE.encode())
    }


def _exists(connection: Connection, relation: str) -> bool:
    row = connection.execute(
        "select pg_catalog.to_regclass(%s) is not null as is_there", (relation,)
    ).fetchone()
    return row is not None and bool(row["is_there"])


def _pairs(connection: Connection, query: str) -> dict[str, Any]:
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        return dict(cursor.execute(query.encode()).fetchall())


def _data_dir(packaged: str, checkout: str) -> Path:
    for folder in (_PACKAGE / packaged, _PACKAGE.parents[1] / checkout):
        if folder.is_dir():
            return folder
    raise PgmeritError(f"the folder {checkout} of pgmerit is missing", "Install pgmerit again.")


def _glob_escaped(folder: Path) -> str:
    """Write a folder so that yoyo, which reads it as a pattern, finds just this one."""
    return re.sub(r"([*?[])", r"[\1]", str(folder))
