"""What Supabase's linter splinter asks of an exposed schema, asked of `badges`."""

from __future__ import annotations

import psycopg
from pgmerit.database import Connection

# By splinter's names. Each lists what it finds in schema badges, by name.
_CHECKS = {
    "unindexed_foreign_keys": """
        select k.conname from pg_constraint as k
        where k.contype = 'f' and k.connamespace = 'badges'::regnamespace
        and not exists (
            select from pg_index as i
            where i.indrelid = k.conrelid and i.indisvalid
            and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] = k.conkey
        )""",
    "auth_rls_initplan": """
        select policyname from pg_policies
        where schemaname = 'badges'
        and concat_ws(' ', qual, with_check)
            ~* '(?<!select )\\m(badges\\w*[.]\\w+|current_setting|auth[.]\\w+)[(]'""",
    "no_primary_key": """
        select c.relname from pg_class as c
        where c.relnamespace = 'badges'::regnamespace and c.relkind in ('r', 'p')
        and not exists (select from pg_index as i where i.indrelid = c.oid and i.indisprimary)""",
    "multiple_permissive_policies": """
        select p.polrelid::regclass::text
        from pg_policy as p
        join pg_class as c on c.oid = p.polrelid and c.relnamespace = 'badges'::regnamespace
        cross join unnest(p.polroles) as held (role)
        cross join unnest(
            case p.polcmd when '*' then '{r,a,w,d}'::"char"[] else array[p.polcmd] end
        ) as may (command)
        where p.polpermissive
        group by p.polrelid, held.role, may.command having count(*) > 1""",
    "policy_exists_rls_disabled": """
        select c.relname from pg_class as c
        where c.relnamespace = 'badges'::regnamespace and not c.relrowsecurity
        and exists (select from pg_policy as p where p.polrelid = c.oid)""",
    "rls_enabled_no_policy": """
        select c.relname from pg_class as c
        where c.relnamespace = 'badges'::regnamespace and c.relrowsecurity
        and not exists (select from pg_policy as p where p.polrelid = c.oid)""",
    "duplicate_index": """
        select min(indexname) from pg_indexes where schemaname = 'badges'
        group by replace(indexdef, indexname, '') having count(*) > 1""",
    "security_definer_view": """
        select c.relname from pg_class as c
        where c.relnamespace = 'badges'::regnamespace and c.relkind = 'v'
        and not coalesce('security_invoker=true' = any(c.reloptions), false)""",
    # A body written as SQL is looked up when it is loaded, not when it runs.
    "function_search_path_mutable": """
        select p.proname from pg_proc as p
        where p.pronamespace = 'badges'::regnamespace and p.prosqlbody is null
        and not coalesce('search_path=pg_catalog, pg_temp' = any(p.proconfig), false)""",
    "rls_disabled_in_public": """
        select c.relname from pg_class as c
        where c.relnamespace = 'badges'::regnamespace and c.relkind in ('r', 'p')
        and not c.relrowsecurity""",
    "rls_references_user_metadata": """
        select policyname from pg_policies
        where schemaname = 'badges' and concat_ws(' ', qual, with_check) ~ 'user_metadata'""",
    "materialized_view_or_foreign_table_in_api": """
        select c.relname from pg_class as c
        where c.relnamespace = 'badges'::regnamespace and c.relkind in ('m', 'f')""",
    "unsupported_reg_types": """
        select a.attname from pg_attribute as a
        join pg_class as c on c.oid = a.attrelid and c.relnamespace = 'badges'::regnamespace
        where a.attnum > 0 and a.atttypid in (
            'regproc'::regtype, 'regprocedure'::regtype, 'regoper'::regtype,
            'regoperator'::regtype, 'regconfig'::regtype, 'regdictionary'::regtype,
            'regnamespace'::regtype, 'regcollation'::regtype
        )""",
    "rls_policy_always_true": """
        select policyname from pg_policies
        where schemaname = 'badges' and roles && '{public,pgmerit_person}'
        and coalesce(qual, with_check, 'true') = 'true'""",
    "anon_security_definer_function_executable": """
        select p.proname from pg_proc as p,
            aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as granted
        where p.pronamespace = 'badges'::regnamespace and granted.grantee = 0""",
    # By design: each asks the session whom it may show before it does anything else.
    "authenticated_security_definer_function_executable": """
        select p.proname from pg_proc as p
        where p.pronamespace = 'badges'::regnamespace and p.prosecdef
        and has_function_privilege('pgmerit_person', p.oid, 'execute')
        and p.prosrc !~ 'badges_internal[.]_require_(view|own|people|administration|list)[(]'""",
}
# Nothing deletes a badge definition, or changes its id.
_LEFT = {"unindexed_foreign_keys": {"org_badge_configs_badge_definition_id_fkey"}}
_PLANTED = {
    "unindexed_foreign_keys": "alter table badges.rule_sets add foreign key (origin)"
    " references badges.organizations",
    "auth_rls_initplan": "create policy bad on badges.rule_sets for insert to pgmerit_person"
    " with check (badges_internal._session_person() is not null)",
    "no_primary_key": "create table badges.bad (n int)",
    "multiple_permissive_policies": "create policy bad on badges.rule_sets for select"
    " to pgmerit_reader using (version > 1)",
    "policy_exists_rls_disabled": "alter table badges.activities disable row level security",
    "rls_enabled_no_policy": "drop policy services_read on badges.rule_sets",
    "duplicate_index": "create unique index on badges.organizations (org_id)",
    "security_definer_view": "create view badges.bad as select 1 as n",
    "function_search_path_mutable": "alter function badges.my_badges reset search_path",
    "rls_disabled_in_public": "alter table badges.rule_sets disable row level security",
    "rls_references_user_metadata": "create policy bad on badges.rule_sets to pgmerit_person"
    " using (current_setting('request.jwt.claims')::jsonb ? 'user_metadata')",
    "materialized_view_or_foreign_table_in_api": "create materialized view badges.bad as select 1",
    "unsupported_reg_types": "create table badges.bad (n regproc)",
    "rls_policy_always_true": "create policy bad on badges.rule_sets to pgmerit_person"
    " using (true)",
    "anon_security_definer_function_executable": "grant execute on function badges.my_badges"
    " to public",
    "authenticated_security_definer_function_executable": "grant execute on function"
    " badges.count_awards to pgmerit_person",
}


def _found(connection: Connection, check: str) -> set[str]:
    listed = connection.execute(_CHECKS[check].encode()).fetchall()
    return {next(iter(row.values())) for row in listed} - _LEFT.get(check, set())


def test_splinters_checks_find_nothing_and_each_finds_its_fault(connection: Connection) -> None:
    found = {check: _found(connection, check) for check in _CHECKS}
    assert {check: names for check, names in found.items() if names} == {}
    bites = {}
    for check, fault in _PLANTED.items():
        with connection.transaction() as transaction:
            connection.execute(fault.encode())
            bites[check] = bool(_found(connection, check))
            raise psycopg.Rollback(transaction)
    assert bites == dict.fromkeys(_CHECKS, True)
