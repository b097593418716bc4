-- Builds the expression of a row's attributes: listed columns, or one that holds them all.
create or replace function badges_internal._source_attributes(p_table regclass, p_definition jsonb)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(
        case
            when bool_or(named.purpose = 'all attributes')
                then format($sql$coalesce(%s || '{}', '{}')$sql$, min(held.reference))
            else format('jsonb_build_object(%s)', string_agg(
                format('%L, %s', named.name, held.as_json), ', ' order by named.place
            ))
        end,
        '''{}''::jsonb'
    )
    from badges_internal._source_columns(p_definition) as named
    cross join lateral badges_internal._source_column(p_table, named.column_name) as held
    where named.purpose in ('attribute', 'all attributes');
$$;

comment on function badges_internal._source_attributes(regclass, jsonb) is
'Builds the expression of a row''s attributes: listed columns, or one that holds them all.';
