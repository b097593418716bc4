-- Gives the attribute a field names, where quantity always means the column.
create or replace function badges_internal._attribute(
    p_attributes jsonb,
    p_quantity numeric,
    p_field text
)
returns jsonb
language sql
immutable
parallel safe
-- Not to_jsonb: it is stable, and the planner could not inline this.
return case
    when p_field = 'quantity' then p_quantity::text::jsonb
    else p_attributes -> p_field
end;

comment on function badges_internal._attribute(jsonb, numeric, text) is
'Gives the attribute a field names, where quantity always means the column.';
