-- Reads what a selector names: an attribute, or the quantity.
create or replace function badges_internal._verify_field(
    p_attributes jsonb,
    p_quantity numeric,
    p_field text
)
returns jsonb
language sql
stable
parallel safe
return case
    when p_field = 'quantity' then to_jsonb(p_quantity)
    else p_attributes -> p_field
end;

comment on function badges_internal._verify_field(jsonb, numeric, text) is
'Reads what a selector names: an attribute, or the quantity.';
