-- Reads one activity by a stat's route: the part it is measured in, its value, and its element.
--
-- One row, in line wherever it is called from a FROM clause; what is not asked for is not computed.
-- bucket null: the activity is in no part of the stat. lowest: the least value that a sum gets.
create or replace function badges_internal._reading(
    p_per_field text,
    p_window_unit text,
    p_value_field text,
    p_element_field text,
    p_element_unit text,
    p_element_measure text,
    p_element_value_field text,
    p_attributes jsonb,
    p_quantity numeric,
    p_day date
)
returns table (
    bucket text,
    measured numeric, -- what sum and max look at
    element text,
    element_measured numeric,
    lowest numeric
)
language sql
stable
parallel safe
rows 1
begin atomic
select
    case
        when p_per_field is null and p_window_unit is null then ''
        else badges_internal._bucket(
            p_per_field, p_window_unit, p_attributes, p_quantity, p_day
        )
    end,
    value.measured,
    case
        when p_element_unit is not null then badges_internal._unit_key(p_element_unit, p_day)
        when p_element_field is not null then badges_internal._scalar_text(
            badges_internal._attribute(p_attributes, p_quantity, p_element_field)
        )
    end,
    case when p_element_measure in ('sum', 'max') then value.element_measured else 1 end,
    least(value.measured, case when p_element_measure = 'sum' then value.element_measured end)
from (
    select
        case
            when p_value_field is null then p_quantity
            else badges_internal._number(
                badges_internal._attribute(p_attributes, p_quantity, p_value_field)
            )
        end as measured,
        case
            when p_element_value_field is null then p_quantity
            else badges_internal._number(
                badges_internal._attribute(p_attributes, p_quantity, p_element_value_field)
            )
        end as element_measured
) as value;
end;

comment on function badges_internal._reading(
    text, text, text, text, text, text, text, jsonb, numeric, date
) is
'Reads one activity by a stat''s route: the part it is measured in, its value, and its element.';
