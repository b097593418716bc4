"""What a database says about itself: what was applied and loaded, and what is there now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from pgmerit.database import Connection
from pgmerit.schema.sources import SourceFile

SCHEMAS = ("badges", "badges_internal")
# What attaching a table makes lies here: nobody else's either, and not of the account of files.
SOURCES = "badges_sources"
OURS = (*SCHEMAS, SOURCES)
Key = tuple[str, str]


CATALOGUE = """
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


_FIRST_OBJECT = """
select n.nspname || '.' || o.name as name
from pg_catalog.pg_namespace as n
join (
    select relnamespace as space, relname::text as name
    from pg_catalog.pg_class
    union all
    select pronamespace, proname::text
    from pg_catalog.pg_proc
    union all
    select typnamespace, typname::text
    from pg_catalog.pg_type
    where typelem = 0
) as o on o.space = n.oid
where n.nspname = any(%(schemas)s)
order by 1
limit 1
"""

# The way out names the table that may hold the awards of an older make.
FOREIGN_OBJECT = f"""
select
    'the schemas of pgmerit hold what it did not make: ' || found.name as finding,
    coalesce(
        '`pgmerit adopt ' || older.name || ' --rename-to badges_legacy --rules FILE ..` puts the'
            || ' schemas aside, installs pgmerit and takes the awards over; see docs/adopt.md.',
        'Use another database, or rename the schemas badges and badges_internal.'
    ) as hint
from ({_FIRST_OBJECT}) as found
left join (
    select c.relnamespace::pg_catalog.regnamespace || '.' || pg_catalog.quote_ident(c.relname)
    from pg_catalog.pg_class as c
    where c.relnamespace::pg_catalog.regnamespace::text = any(%(schemas)s)
    and c.relkind in ('r', 'p')
    order by c.relname <> 'earned_badges', 1
    limit 1
) as older (name) on true
where pg_catalog.to_regclass('badges_internal.migration_files') is null
"""  # noqa: S608

MAKE_SCHEMAS = """
do $schemas$
begin
    if pg_catalog.to_regnamespace('badges') is null then
        create schema badges;
    end if;
    if pg_catalog.to_regnamespace('badges_internal') is null then
        create schema badges_internal;
    end if;
end;
$schemas$;
"""

# Our account of what was applied, loaded and granted, and yoyo's as it would make it.
BOOKKEEPING = """
create table if not exists badges_internal.migration_files (
    migration_id text collate "C" primary key,
    sha256 text not null, -- of the file as it was applied
    applied_at timestamptz not null
);
create table if not exists badges_internal.loaded_files (
    path text collate "C" primary key,
    sha256 text not null,
    loaded_at timestamptz not null
);
create table if not exists badges_internal.loaded_objects (
    kind text collate "C" not null, -- routine or trigger
    identity text collate "C" not null,
    fingerprint text not null, -- md5 of its definition as the server gives it
    primary key (kind, identity)
);
create table if not exists badges_internal.loaded_rights (
    grantee text collate "C" not null, -- a role of pgmerit, or PUBLIC
    privilege text not null,
    object text not null,
    primary key (grantee, privilege, object)
);
create table if not exists badges_internal._yoyo_migration (
    migration_hash varchar(64) primary key,
    migration_id varchar(255),
    applied_at_utc timestamp
);
create table if not exists badges_internal._yoyo_log (
    id varchar(36) primary key,
    migration_hash varchar(64),
    migration_id varchar(255),
    operation varchar(10),
    username varchar(255),
    hostname varchar(255),
    comment varchar(255),
    created_at_utc timestamp
);
create table if not exists badges_internal._yoyo_version (
    version integer primary key,
    installed_at_utc timestamp
);
insert into badges_internal._yoyo_version
values (2, pg_catalog.timezone('utc', now()))
on conflict do nothing;
create table if not exists badges_internal.yoyo_lock (
    locked integer default 1 primary key,
    ctime timestamp,
    pid integer not null
);
"""


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


def read_state(connection: Connection, *, with_catalogue: bool = True) -> State:
    """Read what is applied and loaded; changes nothing.

    The catalogue, the dearest part, is left empty where nobody asks what is there.
    """
    if exists(connection, "badges_internal.migration_files"):
        files = _pairs(connection, "select path, sha256 from badges_internal.loaded_files")
        objects = {
            (row["kind"], row["identity"]): row["fingerprint"]
            for row in connection.execute("select * from badges_internal.loaded_objects")
        }
        is_installed = True
    else:
        files, objects, is_installed = {}, {}, False
    applied: dict[str, str | None] = {}
    if is_installed and exists(connection, "badges_internal._yoyo_migration"):
        applied = _pairs(
            connection,
            "select y.migration_id, f.sha256 from badges_internal._yoyo_migration as y "
            "left join badges_internal.migration_files as f using (migration_id) "
            "order by y.migration_id",
        )
    catalogue = read_catalogue(connection) if with_catalogue else {}
    return State(is_installed, applied, files, objects, catalogue)


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


def changed_files(state: State, files: Sequence[SourceFile]) -> list[str]:
    """List the replaceable files that are not loaded as they are now."""
    return [file.name for file in files if state.files.get(file.name) != file.sha256]


def read_catalogue(connection: Connection) -> dict[Key, tuple[str, str]]:
    """Give what is in our schemas: when written, and its fingerprint."""
    return {
        (row["kind"], row["identity"]): (row["written"], row["fingerprint"])
        for row in connection.execute(CATALOGUE.encode())
    }


def exists(connection: Connection, relation: str) -> bool:
    """Tell whether a table or view is there."""
    row = connection.execute(
        "select pg_catalog.to_regclass(%s) is not null as is_there", (relation,)
    ).fetchone()
    return row is not None and bool(row["is_there"])


def first_object(connection: Connection) -> str | None:
    """Name something that our schemas hold; None while they are empty or not there."""
    row = connection.execute(_FIRST_OBJECT.encode(), {"schemas": list(SCHEMAS)}).fetchone()
    return row["name"] if row else None


def foreign_object(connection: Connection) -> tuple[str, str] | None:
    """Name what our schemas hold that pgmerit did not make, and the way out; None if nothing."""
    row = connection.execute(FOREIGN_OBJECT.encode(), {"schemas": list(SCHEMAS)}).fetchone()
    return (row["finding"], row["hint"]) if row else None


def _pairs(connection: Connection, query: str) -> dict[str, Any]:
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        return dict(cursor.execute(query.encode()).fetchall())
