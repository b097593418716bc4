-- Says that a list or an object holds none or too many of what it may hold, or null.
create or replace function badges_internal._wrong_number_of(p_spec jsonb, p_number integer)
returns text
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select case
        -- Where nothing is said a list needs one entry, an object none.
        when p_number = 0 and coalesce(
            (p_spec -> 'from')::integer, case when p_spec ->> 'is' = 'list' then 1 else 0 end
        ) > 0 then 'is empty'
        when p_number > (p_spec -> 'to')::integer
            then format('has more than %s entries', p_spec -> 'to')
    end;
$$;

comment on function badges_internal._wrong_number_of(jsonb, integer) is
'Says that a list or an object holds none or too many of what it may hold, or null.';
