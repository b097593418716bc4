-- Gives the SQL that attach_source runs for a source: its views, and triggers on its table.
--
-- p_definition: {"table", "person", "organization", "type", "at"} and optionally quantity,
-- attributes, only, key, on_user_delete. Where the source is attached already, what stands of it
-- goes first.
--
-- Raises: 22023 with all problems as JSON in detail, 42501 without the rights it takes.
create or replace function badges.plan_source(p_source text, p_definition jsonb)
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_table constant regclass := badges_internal._source_table(p_definition ->> 'table');
    v_definition constant jsonb := badges_internal._with_source_key(p_definition, v_table);
begin
    perform badges_internal._require_attaching();
    perform badges_internal._refuse_source(p_source, v_definition, v_table);
    perform badges_internal._require_attaching(v_table);
    perform badges_internal._require_user_trigger(v_definition);
    return badges_internal._source_removal(p_source, v_table)
        || badges_internal._source_statement(p_source, v_table, v_definition);
end;
$$;

comment on function badges.plan_source(text, jsonb) is
'Gives the SQL that attach_source runs for a source: its views, and triggers on its table.';
