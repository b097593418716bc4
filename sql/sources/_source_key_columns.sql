-- Gives how a list of keys as text is read as the key's columns: a query over $1, and how to join.
--
-- keys: gives source_key and key_1 and on, natively, of the text[] $1. joined: the condition
-- between alias k of it and alias held of a view of the source. columns: key_1 and on. after: the
-- columns of one key, the text $2.
create or replace function badges_internal._source_key_columns(
    p_source text,
    out keys text,
    out joined text,
    out columns text,
    out after text
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    with read as (
        select
            each.place,
            case when count(*) over () = 1 then '(%s)'
                else format('(%%s::jsonb ->> %s)', each.place - 1) end
                || '::' || each.type_name as expression
        from (
            select
                row_number() over (order by held.attnum) as place,
                format_type(held.atttypid, held.atttypmod) as type_name
            from pg_attribute as held
            where held.attrelid = to_regclass(format('badges_sources.%I', p_source || ':keys'))
            and held.attnum > 0
            and held.attname ~ '^key_'
        ) as each
    )
    select
        format(
            '(select k.source_key, %s from unnest($1::text[]) as k (source_key) offset 0) as k',
            string_agg(
                format('%s as key_%s', format(read.expression, 'k.source_key'), read.place),
                ', ' order by read.place
            )
        ),
        string_agg(format('held.key_%1$s = k.key_%1$s', read.place), ' and ' order by read.place),
        string_agg(format('held.key_%s', read.place), ', ' order by read.place),
        string_agg(format(read.expression, '$2'), ', ' order by read.place)
    from read;
$$;

comment on function badges_internal._source_key_columns(text) is
'Gives how a list of keys as text is read as the key''s columns: a query over $1, and how to join.';
