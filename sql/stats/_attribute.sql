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
return case when p_field = 'quantity' then to_jsonb(p_quantity) else p_attributes -> p_field end;

comment on function badges_internal._attribute(jsonb, numeric, text) is
'Gives the attribute a field names, where quantity always means the column.';
