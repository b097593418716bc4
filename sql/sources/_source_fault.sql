-- Says what stands in the way of a source's rows becoming activities, null = nothing.
create or replace function badges_internal._source_fault(p_source text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_source constant badges_internal.sources := badges_internal._require_source(p_source);
    v_table regclass;
    v_said text;
begin
    select trigger.tgrelid::regclass
    into v_table
    from badges_internal._source_triggers(p_source) as trigger
    join pg_class as held on held.oid = trigger.tgrelid and not held.relispartition
    limit 1;
    if v_table is null then
        return 'its table or its triggers are gone: attach it again, or detach it';
    end if;
    select format('trigger for %s on %s is %s: attach it again', event.name, tree.relid::regclass,
        case when trigger.tgrelid is null then 'missing' else 'disabled' end)
    into v_said
    from (
        select part.relid from pg_partition_tree(v_table) as part
        union
        select v_table
    ) as tree (relid)
    cross join unnest(array['insert', 'update', 'delete', 'truncate']) as event (name)
    left join badges_internal._source_triggers(p_source) as trigger
        on trigger.tgrelid = tree.relid
        and trigger.event = event.name
    where trigger.is_enabled is not true
    order by tree.relid::regclass::text, event.name
    limit 1;
    if v_said is null
        and to_regclass(format('badges_sources.%I', p_source)) is null
        or to_regclass(format('badges_sources.%I', p_source || ':keys')) is null
    then
        return 'its view is gone: attach it again';
    end if;
    if v_said is null then
        select format('%s %s', problem.value ->> 'path', problem.value ->> 'problem')
        into v_said
        from jsonb_array_elements(
            badges_internal._source_column_problems(v_source.definition, v_table)
            || badges_internal._source_user_problems(v_source.definition, v_table)
        ) as problem
        limit 1;
    end if;
    v_said := coalesce(
        v_said,
        badges_internal._source_erase_fault(p_source, v_source.definition),
        'lacks a right: run `' || badges_internal._missing_source_right(v_table) || '`'
    );
    if v_said is null and v_source.made <> badges_internal._source_hash(
        p_source, v_table, v_source.definition
    ) then
        v_said := 'was made for the table as it was, or by another version: attach it again';
    end if;
    return v_said;
end;
$$;

comment on function badges_internal._source_fault(text) is
'Says what stands in the way of a source''s rows becoming activities, null = nothing.';
