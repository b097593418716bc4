-- Writes a JSON scalar so that equal values are written alike, null where it is none.
create or replace function badges_internal._verify_scalar_text(p_value jsonb)
returns text
language sql
stable
parallel safe
return case
    when jsonb_typeof(p_value) in ('boolean', 'string') then p_value::text
    when jsonb_typeof(p_value) <> 'number' then null
    when abs(p_value::numeric) <= 1e30 then trim_scale(p_value::numeric)::text
end;

comment on function badges_internal._verify_scalar_text(jsonb) is
'Writes a JSON scalar so that equal values are written alike, null where it is none.';
