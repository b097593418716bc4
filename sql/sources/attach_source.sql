-- Attaches a table: from now on its rows are activities, as they come, change and go.
--
-- p_definition: as plan_source, whose SQL it runs. Gives {"changed", "rows"}; rows is an estimate
-- of those that bring_in_source has to read. Attached again with another definition the table is
-- read anew; with the same, nothing happens unless something of it is missing.
--
-- Locks:  the table against writers, 1 second at most.
-- Writes: badges_internal.sources, views and functions of schema badges_sources, triggers.
-- Raises: 22023 with all problems as JSON in detail, 42501 without the rights it takes, 55P03.
create or replace function badges.attach_source(p_source text, p_definition jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
as $$
declare
    v_plan constant text := badges.plan_source(p_source, p_definition);
    v_table constant regclass := badges_internal._source_table(p_definition ->> 'table');
    v_definition constant jsonb := badges_internal._with_source_key(p_definition, v_table);
    v_made constant text := badges_internal._source_hash(p_source, v_table, v_definition);
    v_is_new boolean;
begin
    v_is_new := not exists (
        select
        from badges_internal.sources as held
        where held.source = p_source
        and held.definition = v_definition
        and held.made = v_made
    ) or badges_internal._source_fault(p_source) is not null;
    if v_is_new then
        execute v_plan;
        insert into badges_internal.sources as held (
            source, definition, made, attached_at, attached_by
        )
        values (
            p_source, v_definition, v_made, clock_timestamp(), badges_internal._acting_role()
        )
        on conflict (source) do update set
            definition = excluded.definition, made = excluded.made,
            attached_at = excluded.attached_at, attached_by = excluded.attached_by,
            brought_in_count = 0;
        perform badges_internal._begin_reading(p_source, true);
    end if;
    return jsonb_build_object(
        'changed', v_is_new,
        'rows', (
            select coalesce(sum(greatest(part.reltuples, 0)), 0)::bigint
            from pg_class as part
            where part.oid = v_table
            or part.oid in (select tree.relid from pg_partition_tree(v_table) as tree)
            and part.relkind = 'r'
        )
    );
end;
$$;

comment on function badges.attach_source(text, jsonb) is
'Attaches a table: from now on its rows are activities, as they come, change and go.';
