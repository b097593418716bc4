"""Who may do what in our schemas, as it was given when sql/grants.sql was loaded and as it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pgmerit.database import Connection
from pgmerit.schema.state import OURS, exists

GRANTS = "grants.sql"
SERVICES = ("pgmerit_reader", "pgmerit_writer", "pgmerit_admin")  # see every person's rows
PERSON = "pgmerit_person"  # whoever holds a token
ROLES = (*SERVICES, "pgmerit_relay", PERSON)

# A role that exists is a right as well: one that is made later has to be given its own.
RIGHTS = """
with ours as (
    select n.oid, n.nspname, n.nspowner, n.nspacl
    from pg_catalog.pg_namespace as n
    where n.nspname = any(%(schemas)s)
),
guarded (object, owner, acl) as (
    select
        'schema ' || ours.nspname,
        ours.nspowner,
        coalesce(ours.nspacl, pg_catalog.acldefault('n', ours.nspowner))
    from ours
    union all
    select
        kind.word || ' ' || c.oid::pg_catalog.regclass,
        c.relowner,
        coalesce(c.relacl, pg_catalog.acldefault(kind.letter, c.relowner))
    from ours
    join pg_catalog.pg_class as c on c.relnamespace = ours.oid
    cross join lateral (
        select
            case c.relkind when 'S' then 'sequence' else 'table' end as word,
            case c.relkind when 'S' then 's'::"char" else 'r'::"char" end as letter
    ) as kind
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    union all
    select
        'column ' || c.oid::pg_catalog.regclass || '.' || pg_catalog.quote_ident(a.attname),
        c.relowner,
        a.attacl
    from ours
    join pg_catalog.pg_class as c on c.relnamespace = ours.oid
    join pg_catalog.pg_attribute as a on a.attrelid = c.oid
    where a.attacl is not null
    union all
    select
        'routine ' || p.oid::pg_catalog.regprocedure,
        p.proowner,
        coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))
    from ours
    join pg_catalog.pg_proc as p on p.pronamespace = ours.oid
)
select
    guarded.object,
    case held.grantee when 0 then 'PUBLIC' else pg_catalog.pg_get_userbyid(held.grantee) end
        as grantee,
    held.privilege_type || case when held.is_grantable then ' with grant option' else '' end
        as privilege
from guarded
cross join pg_catalog.aclexplode(guarded.acl) as held
where held.grantee <> guarded.owner
union all
select
    pg_catalog.format(
        'rows of %%s (policy %%s %%s)', p.polrelid::pg_catalog.regclass,
        pg_catalog.quote_ident(p.polname),
        pg_catalog.left(pg_catalog.md5(pg_catalog.concat_ws(
            ' ', p.polpermissive, pg_catalog.pg_get_expr(p.polqual, p.polrelid),
            pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
        )), 8)
    ),
    case grantee.oid when 0 then 'PUBLIC' else pg_catalog.pg_get_userbyid(grantee.oid) end,
    case p.polcmd
        when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE' when 'd' then 'DELETE'
        else 'ALL'
    end
from ours
join pg_catalog.pg_class as c on c.relnamespace = ours.oid
join pg_catalog.pg_policy as p on p.polrelid = c.oid
cross join lateral pg_catalog.unnest(p.polroles) as grantee (oid)
union all
-- Rows that are not kept apart are everybody's who may read the table.
select 'table ' || c.oid::pg_catalog.regclass, 'PUBLIC', apart.words
from ours
join pg_catalog.pg_class as c on c.relnamespace = ours.oid
cross join lateral (
    values ('row security', c.relrowsecurity), ('forced row security', c.relforcerowsecurity)
) as apart (words, is_so)
where apart.is_so
union all
select 'the cluster', r.rolname, 'a place'
from pg_catalog.pg_roles as r
where r.rolname = any(%(roles)s)
"""


@dataclass(frozen=True, order=True)
class Right:
    """What somebody may do: `grantee` is a role, or PUBLIC."""

    grantee: str
    privilege: str
    object: str

    def __str__(self) -> str:
        """Give privilege and object as one text."""
        return f"{self.privilege} on {self.object}"


@dataclass(frozen=True)
class Rights:
    """Rights as they were given, as they are, and which of the roles are not there."""

    given: frozenset[Right] | None  # None: by a version that kept no account of them
    held: frozenset[Right]
    held_by_others: frozenset[Right]
    missing_roles: tuple[str, ...]
    may_make_roles: bool

    def are_in_order(self) -> bool:
        """Tell whether giving them anew would change nothing."""
        return self.given == self.held and not (self.missing_roles and self.may_make_roles)


def read_rights(connection: Connection) -> Rights:
    """Read what was given and what is held; changes nothing."""
    rows = connection.execute(
        RIGHTS.encode(), {"schemas": list(OURS), "roles": list(ROLES)}
    ).fetchall()
    rights = {Right(row["grantee"], row["privilege"], row["object"]) for row in rows}
    held = {right for right in rights if right.grantee in (*ROLES, "PUBLIC")}
    row = connection.execute(
        "select rolsuper or rolcreaterole as may_make_roles from pg_catalog.pg_roles"
        " where rolname = current_user"
    ).fetchone()
    there = {right.grantee for right in held}
    return Rights(
        _read_given(connection),
        frozenset(held),
        frozenset(rights - held),
        tuple(role for role in ROLES if role not in there),
        row is not None and bool(row["may_make_roles"]),
    )


def find_mixed_roles(connection: Connection) -> dict[str, str]:
    """Give roles that hold tokens and are a service that sees everybody: role and service."""
    rows = connection.execute(
        "select r.rolname, service.rolname as service from pg_catalog.pg_roles as r"
        " join pg_catalog.pg_roles as person on person.rolname = %s"
        " join pg_catalog.pg_roles as service on service.rolname = any(%s)"
        " where not r.rolsuper and r.oid not in (person.oid, service.oid)"
        # No token's role: whoever has the owner's rights sees everybody anyway.
        " and not exists (select from pg_catalog.pg_namespace as ours where ours.nspname = 'badges'"
        " and pg_catalog.pg_has_role(r.oid, ours.nspowner, 'usage'))"
        " and pg_catalog.pg_has_role(r.oid, person.oid, 'usage')"
        " and pg_catalog.pg_has_role(r.oid, service.oid, 'usage') order by 1, 2 desc",
        (PERSON, list(SERVICES)),
    )
    return {row["rolname"]: row["service"] for row in rows}


def commands_to_make(roles: Iterable[str]) -> str:
    """Give the SQL that makes roles."""
    return " ".join(f"create role {role} nologin;" for role in roles)


def _read_given(connection: Connection) -> frozenset[Right] | None:
    if not exists(connection, "badges_internal.loaded_rights"):
        return None
    rows = connection.execute("select * from badges_internal.loaded_rights")
    return frozenset(Right(row["grantee"], row["privilege"], row["object"]) for row in rows)
