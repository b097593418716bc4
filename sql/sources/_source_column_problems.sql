-- Lists what is wrong with the columns that a well-formed definition names.
create or replace function badges_internal._source_column_problems(
    p_definition jsonb,
    p_table regclass
)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    with there as (
        select array_agg(held.attname::text) as names
        from pg_attribute as held
        where held.attrelid = p_table
        and held.attnum > 0
        and not held.attisdropped
    ), read (purpose, kinds, allowed) as (
        values
            ('person', array['uuid', 'integer', 'text'], 'uuid, integer or text'),
            (
                'organization', array['text', 'enum', 'integer', 'uuid'],
                'text, enum, integer or uuid'
            ),
            (
                'type', array['text', 'enum', 'integer', 'boolean', 'uuid'],
                'text, enum, integer, boolean or uuid'
            ),
            (
                'at', array['timestamptz', 'timestamp', 'date'],
                'timestamp with time zone, timestamp or date'
            ),
            (
                'quantity', array['integer', 'numeric', 'float', 'text'],
                'a number, or text that holds one'
            ),
            ('all attributes', array['jsonb'], 'jsonb; name other columns in a list'),
            (
                'key',
                array[
                    'integer', 'uuid', 'text', 'enum', 'date', 'timestamp', 'timestamptz',
                    'numeric', 'boolean'
                ],
                'integer, uuid, text, enum, date, timestamp, numeric or boolean'
            )
    ), told as (
        select badges_internal._problem(
            named.path,
            case
                when held.type_name is null then badges_internal._unknown_word(
                    named.column_name, there.names, 'unknown column ', ''
                )
                else format(
                    'column %s is of type %s', to_jsonb(named.column_name), held.type_name
                )
            end,
            coalesce(
                read.allowed,
                'numbers, text, uuid, boolean, dates and times, jsonb, or lists of such'
            )
        ) as problems
        from badges_internal._source_columns(p_definition) as named
        cross join there
        cross join lateral badges_internal._source_column(p_table, named.column_name) as held
        left join read on read.purpose = named.purpose
        where held.kind is null
        or held.kind <> all(read.kinds)
        union all
        select badges_internal._source_organization_problem(p_definition ->> 'organization')
        where jsonb_typeof(p_definition -> 'organization') = 'string'
        union all
        select badges_internal._problem(
            '$.key',
            case when p_definition ? 'key' then 'is not unique and never null'
                else 'is missing, as the table has no primary key' end,
            'the columns of a unique index without a condition, each not null'
        )
        where not exists (
            select
            from pg_index as unique_index
            where unique_index.indrelid = p_table
            and unique_index.indisunique
            and unique_index.indisvalid
            and unique_index.indpred is null
            and unique_index.indexprs is null
            and (
                select array_agg(held.attname::text order by held.attname)
                from pg_attribute as held
                where held.attrelid = p_table
                and held.attnum = any(unique_index.indkey[:unique_index.indnkeyatts - 1])
                and held.attnotnull
                having count(*) = unique_index.indnkeyatts
            ) = (
                select array_agg(named.column_name order by named.column_name collate "C")
                from badges_internal._source_columns(p_definition) as named
                where named.purpose = 'key'
            )
        )
    )
    select coalesce(jsonb_agg(problem.value), '[]')
    from told
    cross join lateral jsonb_array_elements(told.problems) as problem;
$$;

comment on function badges_internal._source_column_problems(jsonb, regclass) is
'Lists what is wrong with the columns that a well-formed definition names.';
