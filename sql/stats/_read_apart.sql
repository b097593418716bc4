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
language plpgsql
stable
parallel safe
as $$
declare
    v_measured numeric := p_measured;
    v_element text;
    v_element_measured numeric := 1;
begin
    if p_route.qualify is not null then
        v_measured := badges_internal._qualifies(p_route, p_attributes, p_quantity);
    end if;
    if p_route.element_unit is not null then
        v_element := badges_internal._unit_key(p_route.element_unit, p_day);
    elsif p_route.element_field is not null then
        v_element := badges_internal._scalar_text(
            badges_internal._attribute(p_attributes, p_quantity, p_route.element_field)
        );
    end if;
    if p_route.element_measure in ('sum', 'max') then
        v_element_measured := p_quantity;
        if p_route.element_value_field is not null then
            v_element_measured := badges_internal._number(badges_internal._attribute(
                p_attributes, p_quantity, p_route.element_value_field
            ));
        end if;
    end if;
    return row(p_route, p_bucket, v_measured, v_element, v_element_measured);
end;
$$;

comment on function badges_internal._read_apart(
    badges_internal.stat_route, text, numeric, jsonb, numeric, date
) is
'Reads what a stat that is counted apart looks at in an activity that it chose.';
