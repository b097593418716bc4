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
    late.activity_date, late.occurred_at, late.activity_id, reading.measured, reading.element
from unnest(p_late) as late
cross join lateral badges_internal._reading(
    null, null, (p_route).value_field, (p_route).element_field, (p_route).element_unit, null, null,
    late.attributes, late.quantity, late.activity_date
) as reading
$$;

comment on function badges_internal._measured_late(
    badges_internal.late_activity[], badges_internal.stat_route
) is
'Gives what late activities count for in a stat: its value, and its element.';
