-- Hashes the trigger functions of a source as they would be made now.
--
-- The table's name is not in them: it may change.
create or replace function badges_internal._source_hash(
    p_source text,
    p_table regclass,
    p_definition jsonb
)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select md5(string_agg(
        badges_internal._source_function_statement(p_source, p_table, p_definition, event.name), ''
        order by event.name
    ) || coalesce(badges_internal._source_erase_function(p_source, p_definition), ''))
    from unnest(array['insert', 'update', 'delete', 'truncate']) as event (name);
$$;

comment on function badges_internal._source_hash(text, regclass, jsonb) is
'Hashes the trigger functions of a source as they would be made now.';
