-- Gives what sum and max look at in an activity: the number of a field, null = the quantity.
create or replace function badges_internal._field_number(
    p_field text,
    p_attributes jsonb,
    p_quantity numeric
)
returns numeric
language sql
immutable
parallel safe
return case
    when p_field is null then p_quantity
    else badges_internal._number(badges_internal._attribute(p_attributes, p_quantity, p_field))
end;

comment on function badges_internal._field_number(text, jsonb, numeric) is
'Gives what sum and max look at in an activity: the number of a field, null = the quantity.';
