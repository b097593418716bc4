"""yoyo on our connection and in our schema, marks and migrations in one transaction."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from yoyo import read_migrations
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.migrations import Migration, MigrationList

from pgmerit.database import Connection
from pgmerit.errors import translate
from pgmerit.schema.loading import prefixed
from pgmerit.schema.sources import SourceFile
from pgmerit.schema.state import exists


class Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]
    """yoyo on our connection, with the migration and its mark in one transaction."""

    def __init__(self, connection: Connection, files: dict[str, SourceFile]) -> None:
        self._shared = connection
        self._files = files
        self.migration_table = "_yoyo_migration"
        super().__init__("", self.migration_table)
        if not exists(connection, "badges_internal.yoyo_lock"):
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
                self._mark(migration)

    def _mark(self, migration: Migration) -> None:
        self.log_migration(migration, "apply")
        self.mark_one(migration, log=False)
        self._shared.execute(
            "insert into badges_internal.migration_files values (%s, %s, now()) "
            "on conflict (migration_id) do update set "
            "sha256 = excluded.sha256, applied_at = excluded.applied_at",
            (migration.id, self._files[migration.id].sha256),
        )

    def adopt(self, folder: Path, names: Sequence[str]) -> None:
        """Mark migrations that somebody else applied, all or none."""
        with self._shared.transaction(), self._inside():
            for migration in self._read(folder):
                if migration.id in names:
                    self._mark(migration)

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


@contextlib.contextmanager
def _explained(migration_id: str) -> Iterator[None]:
    """Name the migration that failed."""
    try:
        yield
    except psycopg.Error as exc:
        raise prefixed(translate(exc), f"migration {migration_id}") from exc


def _glob_escaped(folder: Path) -> str:
    """Write a folder so that yoyo, which reads it as a pattern, finds just this one."""
    return re.sub(r"([*?[])", r"[\1]", str(folder))
