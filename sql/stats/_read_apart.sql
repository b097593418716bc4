-- Reads what a stat that is counted apart looks at in an activity that it chose.
--
-- Stats with elements, rolling windows or sequences; measured of a sequence: whether it qualifies.
create or replace function badges_internal._read_apart(
    p_route badges_internal.stat_route,
    p_bucket text,
    p_measured numeric,
    p_attributes jsonb,
    p_quantity numeric,
    p_day date
)
returns badges_internal.stat_reading
language sql
stable
parallel safe
return row(
    p_route,
    p_bucket,
    case
        when (p_route).qualify is null then p_measured
        else badges_internal._qualifies(p_route, p_attributes, p_quantity)
    end,
    case
        when (p_route).element_unit is not null then to_char(
            badges_internal._unit_start((p_route).element_unit, p_day)::timestamp, 'YYYY-MM-DD'
        )
        when (p_route).element_field is not null then badges_internal._scalar_text(
            badges_internal._attribute(p_attributes, p_quantity, (p_route).element_field)
        )
    end,
    case
        when (p_route).element_measure in ('sum', 'max') then case
            when (p_route).element_value_field is null then p_quantity
            else badges_internal._number(badges_internal._attribute(
                p_attributes, p_quantity, (p_route).element_value_field
            ))
        end
        else 1
    end
)::badges_internal.stat_reading;

comment on function badges_internal._read_apart(
    badges_internal.stat_route, text, numeric, jsonb, numeric, date
) is
'Reads what a stat that is counted apart looks at in an activity that it chose.';
