-- Lists the columns that a source's definition names: what for, the JSON path, and the column.
--
-- p_definition: well formed. names: under what the column is read (attributes), null = its own.
create or replace function badges_internal._source_columns(p_definition jsonb)
returns table (purpose text, path text, name text, column_name text, place bigint)
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
    select single.purpose, single.path, null, single.column_name, 1
    from (
        values
            (
                'person', '$.person',
                coalesce(
                    p_definition #>> '{person,column}',
                    case when jsonb_typeof(p_definition -> 'person') = 'string'
                        then p_definition ->> 'person' end
                )
            ),
            ('organization', '$.organization.column', p_definition #>> '{organization,column}'),
            ('type', '$.type.column', p_definition #>> '{type,column}'),
            ('at', '$.at', p_definition ->> 'at'),
            ('quantity', '$.quantity', p_definition ->> 'quantity'),
            (
                'all attributes', '$.attributes',
                case when jsonb_typeof(p_definition -> 'attributes') = 'string'
                    then p_definition ->> 'attributes' end
            )
    ) as single (purpose, path, column_name)
    where single.column_name is not null
    union all
    select
        'attribute', format('$.attributes[%s]', each.place - 1), each.column_name,
        each.column_name, each.place
    from jsonb_array_elements_text(
        badges_internal._array_or_empty(p_definition -> 'attributes')
    ) with ordinality as each (column_name, place)
    union all
    select
        'attribute', badges_internal._path_step('$.attributes', each.key), each.key, each.value,
        row_number() over (order by each.key)
    from jsonb_each_text(
        badges_internal._object_or_empty(p_definition -> 'attributes')
    ) as each
    union all
    select
        'only', badges_internal._path_step('$.only', each.key), each.key, each.key,
        row_number() over (order by each.key)
    from jsonb_each(badges_internal._object_or_empty(p_definition -> 'only')) as each
    union all
    select
        'key',
        case when jsonb_typeof(p_definition -> 'key') = 'array'
            then format('$.key[%s]', each.place - 1) else '$.key' end,
        null, each.column_name, each.place
    from jsonb_array_elements_text(
        case when jsonb_typeof(p_definition -> 'key') = 'string'
            then jsonb_build_array(p_definition -> 'key')
            else badges_internal._array_or_empty(p_definition -> 'key')
        end
    ) with ordinality as each (column_name, place);
$$;

comment on function badges_internal._source_columns(jsonb) is
'Lists the columns that a source''s definition names: what for, the JSON path, and the column.';
