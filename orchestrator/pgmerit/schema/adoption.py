"""Taking over a database whose tables plain yoyo made: its marks, once the tables prove right."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from psycopg import sql

from pgmerit.database import Connection
from pgmerit.errors import PgmeritError
from pgmerit.schema.description import describe
from pgmerit.schema.sources import SourceFile
from pgmerit.schema.state import SCHEMAS, exists, first_object

# Marks count only where nobody else could have made them.
_MARK_TABLES = """
select n.nspname as schema_name
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where c.relname = '_yoyo_migration'
and c.relkind = 'r'
and n.nspname <> 'badges_internal'
and c.relowner = (select r.oid from pg_catalog.pg_roles as r where r.rolname = current_user)
order by n.nspname
"""
CONCURRENTLY = re.compile(r"(?<=index )concurrently ", re.IGNORECASE)
_SHOWN = 10


def find_marks(connection: Connection, migrations: Mapping[str, SourceFile]) -> list[str]:
    """List our migrations that plain yoyo marked as applied; none where pgmerit is installed."""
    if exists(connection, "badges_internal.migration_files") or not first_object(connection):
        return []
    marked: set[str] = set()
    for row in connection.execute(_MARK_TABLES.encode()).fetchall():
        marks = sql.SQL("select migration_id from {}").format(
            sql.Identifier(row["schema_name"], "_yoyo_migration")
        )
        marked |= {mark["migration_id"] for mark in connection.execute(marks)}
    return [name for name in migrations if name in marked]


def refuse_other_tables(
    connection: Connection, migrations: Mapping[str, SourceFile], applied: Sequence[str]
) -> None:
    """Raise PgmeritError unless our schemas hold exactly what the applied migrations make.

    They are run beside what is there, in a transaction that is rolled back.
    """
    found = _statements(connection)
    with connection.transaction(force_rollback=True):
        for schema in SCHEMAS:
            put_aside = sql.SQL("alter schema {} rename to {}")
            connection.execute(
                put_aside.format(sql.Identifier(schema), sql.Identifier(f"{schema}_put_aside"))
            )
            connection.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
        for name in applied:
            # What plain yoyo builds concurrently is the same, built in a transaction.
            connection.execute(CONCURRENTLY.sub("", migrations[name].text).encode())
        wanted = _statements(connection)
    problems = [{"path": each, "message": "is missing"} for each in wanted if each not in found]
    problems += [{"path": each, "message": "is not ours"} for each in found if each not in wanted]
    if problems:
        raise PgmeritError(
            "the tables are not those that the migrations of pgmerit make; nothing was taken over",
            "Make them so, or migrate an empty database and bring the activities over.",
            problems[:_SHOWN],
        )


def _statements(connection: Connection) -> list[str]:
    return [each for part in describe(connection).values() for each in part]
