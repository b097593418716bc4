-- Builds what takes a source's views away, and its triggers on other tables than one kept.
--
-- p_keep: a table whose triggers are replaced in place, null = all goes. Dropping a trigger waits
-- for whoever uses the table; that on the users goes in any case. '' = there is nothing.
create or replace function badges_internal._source_removal(p_source text, p_keep regclass)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(string_agg(gone.statement || ';' || E'\n', '' order by gone.statement desc), '')
    from (
        select format('drop view badges_sources.%I', view.relname) as statement
        from pg_class as view
        join pg_namespace as schema on schema.oid = view.relnamespace
        where schema.nspname = 'badges_sources'
        and view.relkind = 'v'
        and view.relname in (p_source, p_source || ':keys')
        union all
        select format('drop trigger %I on %s', trigger.tgname, trigger.tgrelid::regclass)
        from badges_internal._source_triggers(p_source) as trigger
        where p_keep is null
        or trigger.tgrelid not in (
            select tree.relid
            from pg_partition_tree(p_keep) as tree
            union all
            select p_keep
        )
        union all
        select format('drop function badges_sources.%I()', function.proname)
        from pg_proc as function
        join pg_namespace as schema on schema.oid = function.pronamespace
        where schema.nspname = 'badges_sources'
        and function.proname ~ '^.*:(insert|update|delete|truncate)$'
        and split_part(function.proname, ':', 1) = p_source
        and p_keep is null
        union all
        select format('drop trigger %I on %s', trigger.tgname, trigger.tgrelid::regclass)
        from pg_trigger as trigger
        where trigger.tgfoid = to_regprocedure(format('badges_sources.%I()', p_source || ':erase'))
        union all
        select format('drop function badges_sources.%I()', p_source || ':erase')
        where to_regprocedure(format('badges_sources.%I()', p_source || ':erase')) is not null
    ) as gone;
$$;

comment on function badges_internal._source_removal(text, regclass) is
'Builds what takes a source''s views away, and its triggers on other tables than one kept.';
