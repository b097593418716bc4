-- Words the problem of a value of the wrong JSON type.
create or replace function badges_internal._must_not_be(p_value jsonb)
returns text
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select 'must not be ' || case jsonb_typeof(p_value)
        when 'null' then 'null'
        when 'boolean' then 'true or false'
        when 'string' then 'text'
        when 'number' then 'a number'
        when 'object' then 'an object'
        else 'a list'
    end;
$$;

comment on function badges_internal._must_not_be(jsonb) is
'Words the problem of a value of the wrong JSON type.';
