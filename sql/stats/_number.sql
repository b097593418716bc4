-- Gives the number of a JSON value, or null where it is none or lies beyond 1e30.
create or replace function badges_internal._number(p_value jsonb)
returns numeric
language sql
immutable
parallel safe
return case
    when jsonb_typeof(p_value) = 'number'
        then case when p_value::numeric between -1e30 and 1e30 then p_value::numeric end
end;

comment on function badges_internal._number(jsonb) is
'Gives the number of a JSON value, or null where it is none or lies beyond 1e30.';
