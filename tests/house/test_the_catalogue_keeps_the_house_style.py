"""STYLE.md and HAZARDS.md for what is in the database after `pgmerit migrate`."""

from __future__ import annotations

from pgmerit.database import Connection

from tests.house.schema_dump import DUMP, describe

LASTING = True

_OURS = "in ('badges'::regnamespace, 'badges_internal'::regnamespace)"


def _listed(connection: Connection, query: str) -> list[str]:
    return [row["name"] for row in connection.execute(query.encode()).fetchall()]


def test_the_committed_schema_is_that_of_a_fresh_database(dsn: str) -> None:
    assert describe(dsn) == DUMP.read_text(), "run `make schema` and look at what changed"


def test_no_routine_may_be_called_by_everybody(connection: Connection) -> None:
    query = f"""
        select p.oid::regprocedure::text as name from pg_proc as p
        where p.pronamespace {_OURS}
        and exists (
            select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as granted
            where granted.grantee = 0
        ) order by 1"""
    assert _listed(connection, query) == []


def test_no_schema_or_table_is_open_to_everybody(connection: Connection) -> None:
    query = f"""
        select n.nspname as name
        from pg_namespace as n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as g
        where n.oid {_OURS} and g.grantee = 0
        union all
        select c.oid::regclass::text
        from pg_class as c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) as g
        where c.relnamespace {_OURS} and c.relkind in ('r', 'v', 'p') and g.grantee = 0"""
    assert _listed(connection, query) == []


def test_every_security_definer_pins_its_search_path(connection: Connection) -> None:
    query = f"""
        select p.oid::regprocedure::text as name from pg_proc as p
        where p.pronamespace {_OURS} and p.prosecdef
        and not coalesce('search_path=pg_catalog, pg_temp' = any(p.proconfig), false)"""
    assert _listed(connection, query) == []


def test_routines_that_write_or_recompute_are_volatile(connection: Connection) -> None:
    query = f"""
        select p.oid::regprocedure::text as name from pg_proc as p
        where p.pronamespace {_OURS} and p.provolatile <> 'v'
        and (
            p.proname ~ '(rebuild|recount|recompute|evaluate|apply_|backfill|record_|bring_up)'
            or p.prosrc ~* '\\m(insert into|delete from|update [a-z_]+[.])'
        )
        -- These give the text of a statement that others run.
        and p.proname !~ '_statement$'"""
    assert _listed(connection, query) == []


def test_every_routine_and_view_of_the_interface_has_a_comment(connection: Connection) -> None:
    query = f"""
        select p.oid::regprocedure::text as name from pg_proc as p
        where p.pronamespace {_OURS} and obj_description(p.oid, 'pg_proc') is null"""
    assert _listed(connection, query) == []


def test_every_view_runs_with_its_callers_rights(connection: Connection) -> None:
    query = f"""
        select c.oid::regclass::text as name from pg_class as c
        where c.relkind = 'v' and c.relnamespace {_OURS}
        and not coalesce('security_invoker=true' = any(c.reloptions), false)"""
    assert _listed(connection, query) == []


def test_tables_of_people_are_keyed_by_the_person_first(connection: Connection) -> None:
    query = f"""
        select i.indexrelid::regclass::text as name
        from pg_index as i
        join pg_class as c on c.oid = i.indrelid
        join pg_attribute as key on key.attrelid = c.oid and key.attnum = i.indkey[0]
        where c.relnamespace {_OURS} and i.indisunique
        and exists (
            select from pg_attribute as a where a.attrelid = c.oid and a.attname = 'peer_mentor_id'
        )
        and key.attname <> 'peer_mentor_id'"""
    assert _listed(connection, query) == []


def test_no_small_table_refers_to_one_that_grows(connection: Connection) -> None:
    query = f"""
        select k.conname as name from pg_constraint as k
        where k.contype = 'f' and k.connamespace {_OURS}
        and exists (
            select from pg_attribute as a
            where a.attrelid = k.confrelid and a.attname = 'peer_mentor_id'
        )"""
    assert _listed(connection, query) == []


def test_counters_have_no_index_and_leave_room_for_updates_in_place(
    connection: Connection,
) -> None:
    query = """
        select a.attname as name
        from pg_index as i
        join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = any(i.indkey::int2[])
        where i.indrelid = 'badges.peer_mentor_stats'::regclass
        and a.attname not in ('peer_mentor_id', 'org_id', 'stat', 'bucket', 'rule_set_version')
        union all
        select c.relname from pg_class as c
        where c.oid in ('badges.peer_mentor_stats'::regclass,
            'badges_internal.stat_elements'::regclass)
        and not exists (
            select from pg_options_to_table(c.reloptions) as o
            where o.option_name = 'fillfactor' and o.option_value::int <= 90
        )"""
    assert _listed(connection, query) == []


def test_column_names_keep_their_endings(connection: Connection) -> None:
    query = f"""
        select c.relname || '.' || a.attname as name
        from pg_attribute as a
        join pg_class as c on c.oid = a.attrelid
        where c.relnamespace {_OURS} and c.relkind in ('r', 'v') and a.attnum > 0
        and c.relname !~ 'yoyo'
        and (
            (a.attname ~ '_at$' and a.atttypid <> 'timestamptz'::regtype)
            or (a.attname ~ '_date$' and a.atttypid <> 'date'::regtype)
            or (a.attname ~ '^is_' and a.atttypid <> 'boolean'::regtype)
            or a.atttypid in ('varchar'::regtype, 'bpchar'::regtype, 'timestamp'::regtype,
                'float8'::regtype, 'float4'::regtype)
        )"""
    assert _listed(connection, query) == []


def test_what_forbids_scans_at_the_way_in_forbids_compiling_too(connection: Connection) -> None:
    """A forbidden scan that there is no way around looks so dear that it would be compiled."""
    query = """
        select p.proname as name
        from pg_proc as p
        where p.pronamespace = 'badges'::regnamespace
        and array_to_string(p.proconfig, ',') ~ 'enable_\\w+=off'
        and not 'jit=off' = any(p.proconfig)"""
    assert _listed(connection, query) == []
