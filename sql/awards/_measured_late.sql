-- Gives what late activities count for in a stat: its value, and its element.
create or replace function badges_internal._measured_late(
    p_late badges_internal.late_activity[],
    p_route badges_internal.stat_route
)
returns table (
    activity_date date,
    occurred_at timestamptz,
    activity_id bigint,
    measured numeric,
    element text
)
language sql
stable
as $$
select
    late.activity_date,
    late.occurred_at,
    late.activity_id,
    case
        when (p_route).value_field is null then late.quantity
        else badges_internal._number(
            badges_internal._attribute(late.attributes, late.quantity, (p_route).value_field)
        )
    end,
    case
        when (p_route).element_unit is not null then to_char(
            badges_internal._unit_start((p_route).element_unit, late.activity_date)::timestamp,
            'YYYY-MM-DD'
        )
        when (p_route).element_field is not null then badges_internal._scalar_text(
            badges_internal._attribute(late.attributes, late.quantity, (p_route).element_field)
        )
    end
from unnest(p_late) as late
$$;
