-- Gives the statement that grants the current role what it lacks to attach a table, or null.
create or replace function badges_internal._missing_source_right(p_table regclass)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select case
        when not has_schema_privilege(held.relnamespace, 'usage')
            then format('grant usage on schema %I to %I', schema.nspname, current_user)
        when not has_table_privilege(held.oid, 'select')
            or not has_table_privilege(held.oid, 'trigger')
            or not has_any_column_privilege(held.oid, 'update')
            then format('grant select, update, trigger on %s to %I', p_table, current_user)
        when row_security_active(held.oid)
            and exists (
                select
                from unnest(array['r', 'w']) as wanted (command)
                where not exists (
                    select
                    from pg_policy as policy
                    where policy.polrelid = held.oid
                    and policy.polpermissive
                    and policy.polcmd::text in (wanted.command, '*')
                    and pg_get_expr(policy.polqual, policy.polrelid) = 'true'
                    and (
                        0 = any(policy.polroles)
                        or exists (
                            select
                            from unnest(policy.polroles) as granted (role_id)
                            where granted.role_id <> 0
                            and pg_has_role(granted.role_id, 'usage')
                        )
                    )
                )
            )
            then format(
                'create policy pgmerit_reads_all on %s to %I using (true)', p_table, current_user
            )
    end
    from pg_class as held
    join pg_namespace as schema on schema.oid = held.relnamespace
    where held.oid = p_table;
$$;

comment on function badges_internal._missing_source_right(regclass) is
'Gives the statement that grants the current role what it lacks to attach a table, or null.';
