-- Gives a JSON array as it is and an empty one for everything else.
create or replace function badges_internal._array_or_empty(p_value jsonb)
returns jsonb
language sql
immutable
parallel safe
return case when jsonb_typeof(p_value) = 'array' then p_value else '[]' end;

comment on function badges_internal._array_or_empty(jsonb) is
'Gives a JSON array as it is and an empty one for everything else.';
