"""Bringing a database up to this version of pgmerit, and back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import psycopg
from psycopg import sql
from yoyo.migrations import Migration

from pgmerit import database
from pgmerit.database import Connection
from pgmerit.errors import BusyError, PgmeritError, translate
from pgmerit.schema.adoption import find_marks, refuse_other_tables
from pgmerit.schema.loading import drop_loaded, load_all
from pgmerit.schema.owners import refuse_strangers
from pgmerit.schema.rights import GRANTS, Rights, commands_to_make, read_rights
from pgmerit.schema.sources import (
    SourceFile,
    Sources,
    read_manifest,
    read_migration_files,
)
from pgmerit.schema.state import (
    BOOKKEEPING,
    MAKE_SCHEMAS,
    SCHEMAS,
    State,
    changed_files,
    exists,
    foreign_object,
    history_problems,
    read_state,
)
from pgmerit.schema.yoyo import Backend

LOCK_KEY = 6_005_137_744_601_284_612  # any number that nobody else uses
Tell = Callable[[str], None]


@dataclass
class Report:
    """What a run did, or what a plan would do."""

    adopted: list[str] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    rolled_back: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    missing_roles: list[str] = field(default_factory=list)  # to whom nothing could be given

    def is_empty(self) -> bool:
        """Tell whether nothing was done."""
        done = (self.adopted, self.applied, self.rolled_back, self.loaded, self.dropped)
        return not any(done)

    def warning(self) -> str | None:
        """Tell to whom no rights could be given, and what an administrator runs then."""
        if not self.missing_roles:
            return None
        return (
            f"no rights were given to {', '.join(self.missing_roles)}: this role may not make "
            f'roles; have an administrator run "{commands_to_make(self.missing_roles)}" and '
            "`pgmerit migrate` again"
        )

    def as_dict(self) -> dict[str, Any]:
        """Give the report as an object of lists, and its warning."""
        return {**asdict(self), "warning": self.warning()}


def plan(dsn: str, sources: Sources | None = None, *, adopt: bool = False) -> Report:
    """Tell what `migrate` would do; changes nothing."""
    sources = sources or Sources()
    with _connected(dsn) as connection:
        return _planned(connection, sources, adopt)


def migrate(
    dsn: str,
    sources: Sources | None = None,
    tell: Tell | None = None,
    wait_seconds: float = 600,
    *,
    adopt: bool = False,
) -> Report:
    """Bring the database up to this version: pending migrations, then replaceable SQL.

    With `adopt`, tables that plain yoyo made are taken over, once they prove to be those that our
    migrations make.
    Raises PgmeritError when applied migrations were edited or are missing, when the schemas hold
    what pgmerit did not make, or when another run works for longer than `wait_seconds`.
    """
    sources = sources or Sources()
    migrations = read_migration_files(sources.migrations)
    files = read_manifest(sources.files)
    report = Report()
    with _connected(dsn) as connection, _exclusive(connection, tell, wait_seconds):
        refuse_strangers(connection)
        marks = _marks(connection, migrations, adopt)
        state = read_state(connection, with_catalogue=False)
        _refuse_changed_history(state, migrations)
        _create_bookkeeping(connection)
        backend = Backend(connection, migrations)
        backend.adopt(sources.migrations, marks)
        report.adopted += marks
        pending = backend.pending(sources.migrations)
        # Routines that run already must never meet tables of another version.
        together = _last_transactional(pending) if state.files else []
        for migration in pending[: len(pending) - len(together)]:
            _apply(backend, migration, report, tell)
        _load(connection, files, report, tell, lambda: _apply_all(backend, together, report, tell))
        report.missing_roles += _rights(connection, files).missing_roles
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
        refuse_strangers(connection)
        state = read_state(connection)
        if not state.migrations:
            return report
        _refuse_changed_history(state, migrations)
        backend = Backend(connection, migrations)
        chosen = backend.applied(sources.migrations)
        with connection.transaction():
            held = _filled_columns(connection)
            report.dropped += drop_loaded(connection, state)
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


def _planned(connection: Connection, sources: Sources, adopt: bool) -> Report:
    migrations = read_migration_files(sources.migrations)
    files = read_manifest(sources.files)
    refuse_strangers(connection, only_looking=True)
    marks = _marks(connection, migrations, adopt)
    state = read_state(connection)
    _refuse_changed_history(state, migrations)
    report = Report(adopted=marks)
    report.applied += [name for name in migrations if name not in {*state.migrations, *marks}]
    changed = changed_files(state, files)
    removed = state.files.keys() - {file.name for file in files}
    rights = _rights(connection, files)
    if not rights.may_make_roles:
        report.missing_roles += rights.missing_roles
    is_sound = rights.are_in_order() and not state.changed_objects()
    if report.applied or changed or removed or not is_sound:
        report.loaded = changed or [file.name for file in files]
        report.dropped = sorted(removed)
    return report


def _marks(connection: Connection, migrations: Mapping[str, SourceFile], adopt: bool) -> list[str]:
    """List what plain yoyo applied, which is ours only where that is asked for and right."""
    marks = find_marks(connection, migrations)
    if not marks:
        _refuse_foreign_schemas(connection)
        return []
    if not adopt:
        raise PgmeritError(
            "the tables of pgmerit were made here by plain yoyo",
            "Run `pgmerit migrate --adopt` to take them over.",
        )
    refuse_other_tables(connection, migrations, marks)
    return marks


def _rights(connection: Connection, files: Sequence[SourceFile]) -> Rights:
    """Read the rights; without a file that gives any, those that are held are right."""
    rights = read_rights(connection)
    if any(file.name == GRANTS for file in files):
        return rights
    return replace(rights, given=rights.held, missing_roles=())


def _last_transactional(pending: Sequence[Migration]) -> list[Migration]:
    """List the migrations at the end that can share one transaction."""
    last: list[Migration] = []
    for migration in reversed(pending):
        migration.load()
        if not migration.use_transactions:
            break
        last.insert(0, migration)
    return last


def _apply(backend: Backend, migration: Migration, report: Report, tell: Tell | None) -> None:
    if tell:
        tell(f"applying {migration.id}")
    backend.apply_one(migration)
    report.applied.append(migration.id)


def _apply_all(
    backend: Backend, migrations: Sequence[Migration], report: Report, tell: Tell | None
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
                is_sound = _rights(connection, files).are_in_order() and not state.changed_objects()
                if is_sound and not (is_prepared or changed or removed):
                    return
                if tell:
                    tell(f"loading {len(files)} files")
                report.dropped = load_all(connection, files)
        except BusyError:
            if attempt == 5:
                raise
            time.sleep(attempt)
        else:
            report.loaded = changed or [file.name for file in files]
            return


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
                f"The lock is held by {_holder(connection)}.",
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
    if found := foreign_object(connection):
        raise PgmeritError(*found)


def _refuse_changed_history(state: State, migrations: dict[str, SourceFile]) -> None:
    problems = history_problems(state, migrations)
    if problems:
        raise PgmeritError(
            "the migrations are not those that were applied",
            "Install the version of pgmerit that this database had, or a newer one.",
            [dict(problem) for problem in problems],
        )


def _holder(connection: Connection) -> str:
    """Name the session that holds the advisory lock."""
    row = connection.execute(
        "select format('process %%s of the role %%I', l.pid, s.usename)"
        " || coalesce(' (' || nullif(s.application_name, '') || ')', '') as session"
        " from pg_catalog.pg_locks as l join pg_catalog.pg_stat_activity as s using (pid)"
        " where l.locktype = 'advisory' and l.granted and l.objsubid = 1"
        " and l.database = (select oid from pg_catalog.pg_database"
        " where datname = pg_catalog.current_database())"
        " and l.classid::bigint << 32 | l.objid::bigint = %s",
        (LOCK_KEY,),
    ).fetchone()
    return row["session"] if row else "a session that has just ended"


def _create_bookkeeping(connection: Connection) -> None:
    if exists(connection, "badges_internal.loaded_rights"):
        return
    with connection.transaction():
        connection.execute((MAKE_SCHEMAS + BOOKKEEPING).encode())
        # Somebody may have made a schema since we looked.
        refuse_strangers(connection)


def _drop_schemas(connection: Connection) -> None:
    """Drop our bookkeeping and the schemas; fails when others keep something in them."""
    for table in (
        *("migration_files", "loaded_files", "loaded_objects", "loaded_rights"),
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
