-- Tells what a column of a source holds, and how it reads as JSON and as text.
--
-- kind: uuid, integer, numeric, float, text, enum, boolean, date, timestamp, timestamptz, time,
-- jsonb or list; null = nothing that can be read, or no such column (then type_name is null too).
-- reference: the column of alias r. Both readings are the same in every session: none depends on
-- its time zone or on how it shows numbers.
create or replace function badges_internal._source_column(
    p_table regclass,
    p_name text,
    out kind text,
    out type_name text,
    out reference text,
    out as_json text,
    out as_text text
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_type pg_type;
    v_element pg_type;
    v_is_virtual boolean;
begin
    select format_type(held.atttypid, held.atttypmod), held.attgenerated = 'v'
    into type_name, v_is_virtual
    from pg_attribute as held
    where held.attrelid = p_table
    and held.attname = p_name
    and held.attnum > 0
    and not held.attisdropped;
    if type_name is null then
        return;
    end if;
    with recursive types as (
        select held.atttypid as type_id
        from pg_attribute as held
        where held.attrelid = p_table
        and held.attname = p_name
        and held.attnum > 0
        and not held.attisdropped
        union all
        select domain.typbasetype
        from types
        join pg_type as domain on domain.oid = types.type_id and domain.typtype = 'd'
    )
    select base.*
    into v_type
    from types
    join pg_type as base on base.oid = types.type_id and base.typtype <> 'd';
    select element.* into v_element from pg_type as element where element.oid = v_type.typelem;
    -- What a table computes as it is read is not in the rows that a trigger sees.
    if v_is_virtual then
        type_name := 'virtual ' || type_name;
        return;
    end if;
    reference := format('r.%I', p_name);
    kind := case
        when v_type.oid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) then 'integer'
        when v_type.oid in ('float4'::regtype, 'float8'::regtype) then 'float'
        when v_type.oid = 'bool'::regtype then 'boolean'
        when v_type.oid in (
            'uuid'::regtype, 'numeric'::regtype, 'date'::regtype, 'time'::regtype,
            'timestamp'::regtype, 'timestamptz'::regtype, 'jsonb'::regtype
        ) then v_type.typname
        when v_type.typtype = 'e' then 'enum'
        when v_type.typcategory = 'S' then 'text'
        when v_type.typcategory = 'A' and (
            v_element.typcategory in ('S', 'E', 'B')
            or v_element.oid in (
                'int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype,
                'uuid'::regtype
            )
        ) then 'list'
    end;
    as_json := case
        when kind in ('text', 'enum') then format('to_jsonb(%s::text)', reference)
        when kind = 'float' then format('to_jsonb(%s::numeric)', reference)
        when kind = 'timestamptz'
            then format(
                $sql$to_jsonb((to_jsonb(%s at time zone 'UTC') #>> '{}') || '+00:00')$sql$,
                reference
            )
        else format('to_jsonb(%s)', reference)
    end;
    as_text := case
        when kind in ('text', 'enum', 'integer', 'uuid', 'boolean', 'numeric')
            then reference || '::text'
        else format($sql$(%s #>> '{}')$sql$, as_json)
    end;
end;
$$;

comment on function badges_internal._source_column(regclass, text) is
'Tells what a column of a source holds, and how it reads as JSON and as text.';
