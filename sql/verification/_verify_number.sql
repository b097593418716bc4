-- Reads a JSON number for a recomputation, null where it is none or beyond 1e30.
create or replace function badges_internal._verify_number(p_value jsonb)
returns numeric
language sql
immutable
parallel safe
return case
    when jsonb_typeof(p_value) <> 'number' then null
    when abs(p_value::numeric) <= 1e30 then p_value::numeric
end;

comment on function badges_internal._verify_number(jsonb) is
'Reads a JSON number for a recomputation, null where it is none or beyond 1e30.';
