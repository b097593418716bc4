-- Builds what takes a source's views away, and its triggers on other tables than one kept.
--
-- p_keep: a table whose triggers are replaced in place, null = all goes; that on the users goes in
-- any case. Triggers go with their functions: to drop one by itself is for the table's owner alone.
-- It waits for whoever uses the table. '' = there is nothing.
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
        select format('drop function badges_sources.%I() cascade', function.proname)
        from pg_proc as function
        join pg_namespace as schema on schema.oid = function.pronamespace
        where schema.nspname = 'badges_sources'
        and (
            function.proname = p_source || ':erase'
            or function.proname in (
                p_source || ':insert', p_source || ':update', p_source || ':delete',
                p_source || ':truncate'
            )
            and (p_keep is null or exists (
                select
                from badges_internal._source_triggers(p_source) as trigger
                where trigger.tgrelid not in (
                    select tree.relid from badges_internal._source_tree(p_keep) as tree
                )
            ))
        )
    ) as gone;
$$;

comment on function badges_internal._source_removal(text, regclass) is
'Builds what takes a source''s views away, and its triggers on other tables than one kept.';
