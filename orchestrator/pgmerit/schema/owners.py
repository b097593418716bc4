"""Who owns our schemas and all in them: whoever else could change what runs with our rights."""

from __future__ import annotations

from dataclasses import dataclass

from pgmerit.database import Connection
from pgmerit.errors import NoRightsError
from pgmerit.schema.state import OURS, SCHEMAS

# Owners lie in pg_shdepend, but for the bootstrap superuser's, who is pinned and has oid 10.
STRANGERS = """
with ours as (
    select n.oid, n.nspname, n.nspowner
    from pg_catalog.pg_namespace as n
    where n.nspname = any(%(schemas)s)
),
owned (place, what, owner) as (
    select 1, 'the schema ' || ours.nspname, ours.nspowner
    from ours
    union all
    select
        2,
        pg_catalog.pg_describe_object(d.classid, d.objid, 0),
        coalesce(s.refobjid, 10::oid)
    from ours
    join pg_catalog.pg_depend as d
        on d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
        and d.refobjid = ours.oid
    left join pg_catalog.pg_shdepend as s
        on s.dbid = (
            select b.oid
            from pg_catalog.pg_database as b
            where b.datname = pg_catalog.current_database()
        )
        and s.classid = d.classid
        and s.objid = d.objid
        and s.objsubid = 0
        and s.deptype = 'o'
    where d.classid in (
        'pg_catalog.pg_class'::pg_catalog.regclass,
        'pg_catalog.pg_proc'::pg_catalog.regclass,
        'pg_catalog.pg_type'::pg_catalog.regclass,
        'pg_catalog.pg_operator'::pg_catalog.regclass,
        'pg_catalog.pg_opclass'::pg_catalog.regclass,
        'pg_catalog.pg_opfamily'::pg_catalog.regclass,
        'pg_catalog.pg_collation'::pg_catalog.regclass,
        'pg_catalog.pg_conversion'::pg_catalog.regclass,
        'pg_catalog.pg_ts_config'::pg_catalog.regclass,
        'pg_catalog.pg_ts_dict'::pg_catalog.regclass,
        'pg_catalog.pg_statistic_ext'::pg_catalog.regclass,
        'pg_catalog.pg_extension'::pg_catalog.regclass,
        'pg_catalog.pg_default_acl'::pg_catalog.regclass
    )
    union all
    -- What a trigger of ours calls runs with the rights of whoever writes, often ours.
    select distinct
        3,
        pg_catalog.pg_describe_object('pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0)
            || ', which a trigger of ' || c.oid::pg_catalog.regclass || ' calls',
        p.proowner
    from ours
    join pg_catalog.pg_class as c on c.relnamespace = ours.oid
    join pg_catalog.pg_trigger as t on t.tgrelid = c.oid and not t.tgisinternal
    join pg_catalog.pg_proc as p on p.oid = t.tgfoid
    join pg_catalog.pg_roles as r on r.oid = p.proowner
    where p.pronamespace not in (select ours.oid from ours)
    and not r.rolsuper
),
findings (place, finding, hint) as (
    select
        owned.place,
        owned.what || ' belongs to ' || hands.owner || ', not to ' || hands.wanted,
        case owned.place
            when 1 then 'Run this as ' || hands.owner || ' if pgmerit was installed by that role,'
                || ' else drop it, or put it aside with `pgmerit adopt TABLE --rename-to'
                || ' badges_legacy ..`.'
            else 'Drop it, or trust ' || hands.owner || ' and `alter .. owner to ' || hands.wanted
                || '`.'
        end
    from owned
    join pg_catalog.pg_roles as wanted on wanted.rolname = %(owner)s
    cross join lateral (
        select
            owned.owner::pg_catalog.regrole::text as owner,
            wanted.oid::pg_catalog.regrole::text as wanted
    ) as hands
    where owned.owner <> wanted.oid
    union all
    select
        4,
        creator.name || ' may create in the schema ' || n.nspname,
        'Run `revoke create on schema ' || n.nspname || ' from ' || creator.name || '`.'
    from pg_catalog.pg_namespace as n
    cross join pg_catalog.aclexplode(n.nspacl) as a
    cross join lateral (
        select case a.grantee when 0 then 'public' else a.grantee::pg_catalog.regrole::text end
            as name
    ) as creator
    where n.nspname = any(%(schemas)s)
    and a.privilege_type = 'CREATE'
    and a.grantee <> n.nspowner
)
select findings.finding, findings.hint
from findings
order by findings.place, findings.finding
"""


@dataclass(frozen=True)
class Stranger:
    """Something of ours that is in other hands, and how that is mended."""

    finding: str
    hint: str


def owner_of_schemas(connection: Connection) -> str | None:
    """Give the role that owns the schema badges; None while there is none."""
    row = connection.execute(
        "select pg_catalog.pg_get_userbyid(nspowner) as owner"
        " from pg_catalog.pg_namespace where nspname = %s",
        (SCHEMAS[0],),
    ).fetchone()
    return row["owner"] if row else None


def find_strangers(connection: Connection, owner: str) -> list[Stranger]:
    """List what in our schemas does not belong to a role, and who else may create there."""
    rows = connection.execute(
        STRANGERS.encode(), {"schemas": list(OURS), "owner": owner}
    ).fetchall()
    return [Stranger(row["finding"], row["hint"]) for row in rows]


def refuse_strangers(connection: Connection, *, only_looking: bool = False) -> None:
    """Raise NoRightsError when anything of ours is in other hands than the current role's.

    Who is only looking need not be the owner; a superuser must, for whom migrate would refuse too.
    """
    row = connection.execute(
        "select rolname, rolsuper from pg_catalog.pg_roles where rolname = current_user"
    ).fetchone()
    role, is_superuser = (row["rolname"], row["rolsuper"]) if row else ("", False)
    if only_looking and not is_superuser:
        role = owner_of_schemas(connection) or role
    found = find_strangers(connection, role)
    if found:
        raise NoRightsError(found[0].finding, found[0].hint)
