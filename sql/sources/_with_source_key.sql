-- Gives a source's definition with its key: the table's primary key where it names none.
create or replace function badges_internal._with_source_key(p_definition jsonb, p_table regclass)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select case
        when p_definition ? 'key' or own.columns is null then p_definition
        else p_definition || jsonb_build_object('key', own.columns)
    end
    from (
        select jsonb_agg(held.attname order by key.place) as columns
        from pg_index as primary_index
        cross join lateral unnest(primary_index.indkey::smallint[]) with ordinality
            as key (attnum, place)
        join pg_attribute as held
            on held.attrelid = primary_index.indrelid
            and held.attnum = key.attnum
        where primary_index.indrelid = p_table
        and primary_index.indisprimary
        and key.place <= primary_index.indnkeyatts
    ) as own;
$$;

comment on function badges_internal._with_source_key(jsonb, regclass) is
'Gives a source''s definition with its key: the table''s primary key where it names none.';
