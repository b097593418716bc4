-- Builds what attach_source runs for the users of a source; no element where none are erased.
create or replace function badges_internal._source_erase_statement(
    p_source text,
    p_definition jsonb
)
returns text[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select
        array[badges_internal._source_erase_function(p_source, p_definition)]
        || array_agg(
            format(
                E'create trigger %I\nafter delete on %s\nreferencing old table as old_rows\n'
                'for each statement execute function badges_sources.%I();',
                'pgmerit_' || p_source || '_erase', tree.relid::regclass, p_source || ':erase'
            )
            order by tree.relid::regclass::text
        )
    from badges_internal._source_tree(badges_internal._source_users(p_definition)) as tree
    having count(*) > 0;
$$;

comment on function badges_internal._source_erase_statement(text, jsonb) is
'Builds what attach_source runs for the users of a source; no element where none are erased.';
