-- Gives what stands for a list, one value or several, as a JSON array; empty where it is left out.
create or replace function badges_internal._listed(p_value jsonb)
returns jsonb
language sql
immutable
parallel safe
return case
    when p_value is null then '[]'
    when jsonb_typeof(p_value) = 'array' then p_value
    else jsonb_build_array(p_value)
end;

comment on function badges_internal._listed(jsonb) is
'Gives what stands for a list, one value or several, as a JSON array; empty where it is left out.';
