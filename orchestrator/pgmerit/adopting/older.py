"""Schemas of an older make that stand where pgmerit's own have to be: put aside, not dropped."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from pgmerit.database import Connection
from pgmerit.errors import BusyError, InvalidInputError, PgmeritError
from pgmerit.schema import SCHEMAS, find_marks, migrations_dir, read_migration_files

_TRIES = 10
_LONGEST_NAME = 63

_OBJECTS = """
select n.nspname || '.' || o.name as object, o.kind
from pg_catalog.pg_namespace as n
join (
    select relnamespace as space, relname::text as name, case relkind
        when 'r' then 'table' when 'p' then 'table' when 'v' then 'view'
        when 'm' then 'materialized view' when 'S' then 'sequence' when 'f' then 'foreign table'
    end as kind
    from pg_catalog.pg_class
    where relkind in ('r', 'p', 'v', 'm', 'S', 'f')
    union all
    select pronamespace, proname::text, 'routine' from pg_catalog.pg_proc
    union all
    select typnamespace, typname::text, 'type' from pg_catalog.pg_type
    where typtype in ('e', 'd', 'r')
) as o on o.space = n.oid
where n.nspname = any(%s)
order by o.kind <> 'table', 1
"""
_HOLDERS = """
select distinct format('process %%s of the role %%I', s.pid, s.usename) as session
from pg_catalog.pg_locks as l
join pg_catalog.pg_stat_activity as s on s.pid = l.pid
where l.relation = pg_catalog.to_regclass(%s)
and l.granted
and s.pid <> pg_catalog.pg_backend_pid()
order by 1
limit 5
"""


@dataclass(frozen=True)
class Older:
    """What stands in the way of the install, and the schemas it goes to.

    `objects` has {"object", "kind"} an object; `schemas` are (present name, new name).
    """

    objects: list[dict[str, str]]
    schemas: list[tuple[str, str]]


def find_older(connection: Connection, rename_to: str) -> Older | None:
    """Tell what an older make has in the schemas; None where pgmerit or nothing is there.

    Raises PgmeritError when it is pgmerit's own, made by plain yoyo, or the new name is taken.
    """
    if (
        rename_to in SCHEMAS
        or not rename_to
        or len(f"{rename_to}_internal".encode()) > _LONGEST_NAME
    ):
        raise InvalidInputError(
            f'the schemas cannot be renamed to "{rename_to}"',
            f"Give another name of at most {_LONGEST_NAME - len('_internal')} bytes.",
        )
    if is_installed(connection):
        return None
    objects = connection.execute(_OBJECTS, (list(SCHEMAS),)).fetchall()
    if not objects:
        return None
    if find_marks(connection, read_migration_files(migrations_dir())):
        raise PgmeritError(
            "the tables of pgmerit were made here by plain yoyo",
            "Run `pgmerit migrate --adopt` to take them over.",
        )
    new_names = {SCHEMAS[0]: rename_to, SCHEMAS[1]: f"{rename_to}_internal"}
    present = [
        row["nspname"]
        for row in connection.execute(
            "select nspname from pg_catalog.pg_namespace where nspname = any(%s) order by 1",
            ([*SCHEMAS, *new_names.values()],),
        )
    ]
    taken = [name for name in new_names.values() if name in present]
    if taken:
        raise InvalidInputError(
            f'the schema "{taken[0]}" is there already', "Give --rename-to another name."
        )
    return Older(objects, [(name, new_names[name]) for name in SCHEMAS if name in present])


def is_installed(connection: Connection) -> bool:
    """Tell whether pgmerit was migrated here."""
    return (
        connection.execute(
            "select where pg_catalog.to_regclass('badges_internal.migration_files') is not null"
        ).fetchone()
        is not None
    )


def put_aside(
    connection: Connection, older: Older, tell: Callable[[str], None] | None = None
) -> None:
    """Rename the schemas, once nobody is writing to their tables; all or nothing.

    Whoever writes meanwhile waits for at most a second at a time. Raises BusyError, naming who
    holds a table, after ten tries.
    """
    tables = [each["object"] for each in older.objects if each["kind"] == "table"]
    for attempt in range(1, _TRIES + 1):
        try:
            with connection.transaction():
                connection.execute("set local lock_timeout = '1s'")
                for table in tables:
                    connection.execute(
                        sql.SQL("lock table {} in access exclusive mode").format(
                            sql.Identifier(*table.split(".", 1))
                        )
                    )
                for name, new_name in older.schemas:
                    connection.execute(
                        sql.SQL("alter schema {} rename to {}").format(
                            sql.Identifier(name), sql.Identifier(new_name)
                        )
                    )
            return
        except psycopg.errors.LockNotAvailable as exc:
            if attempt == 1 and tell:
                tell("waiting for sessions that use the older tables")
            if attempt == _TRIES:
                raise BusyError(
                    "the older tables are in use; nothing was changed",
                    f"They are held by {_holders(connection, tables)}; run it again.",
                ) from exc
            time.sleep(0.2 * attempt)


def _holders(connection: Connection, tables: list[str]) -> str:
    found = [
        row["session"]
        for table in tables
        for row in connection.execute(
            _HOLDERS, (sql.Identifier(*table.split(".", 1)).as_string(connection),)
        )
    ]
    return ", ".join(dict.fromkeys(found)) or "sessions that have just ended"
