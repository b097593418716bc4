-- Builds the expression of a row's key as text: of several columns a JSON array.
create or replace function badges_internal._source_key_text(p_table regclass, p_definition jsonb)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select case when count(*) = 1 then min(held.as_text)
        else format(
            'jsonb_build_array(%s)::text', string_agg(held.as_json, ', ' order by named.place)
        ) end
    from badges_internal._source_columns(p_definition) as named
    cross join lateral badges_internal._source_column(p_table, named.column_name) as held
    where named.purpose = 'key';
$$;

comment on function badges_internal._source_key_text(regclass, jsonb) is
'Builds the expression of a row''s key as text: of several columns a JSON array.';
