-- Builds the condition that a row must meet to be an activity, '' = none.
--
-- Compiled as where of a rule is, so that it means the same; what it tests are columns.
create or replace function badges_internal._source_only(p_table regclass, p_only jsonb)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select case when p_only is not null then format(
        E'\nand coalesce(jsonb_path_match(jsonb_build_object(%s), %L::jsonpath, %s, true), false)',
        string_agg(format('%L, %s', named.column_name, held.as_json), ', ' order by named.place),
        badges_internal._compile_where(p_only, null),
        coalesce(
            'jsonb_build_object(''quantity'', '
                || min(held.as_json) filter (where named.column_name = 'quantity') || ')',
            '''{}'''
        )
    ) else '' end
    from badges_internal._source_columns(jsonb_build_object('only', p_only)) as named
    cross join lateral badges_internal._source_column(p_table, named.column_name) as held;
$$;

comment on function badges_internal._source_only(regclass, jsonb) is
'Builds the condition that a row must meet to be an activity, '''' = none.';
