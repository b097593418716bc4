-- Reads the activities of one person in one part of a stat, within given local days.
--
-- p_types: null = all types; p_route: null = all activities of these types; p_bucket: '' only where
-- the stat is measured whole. Without order and without SET, so that it becomes part of the
-- statement that asks, and sees what that one sees.
create or replace function badges_internal._chosen_activities(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_types text[],
    p_route badges_internal.stat_route,
    p_bucket text,
    p_from date,
    p_to date
)
returns table (
    activity_date date,
    occurred_at timestamptz,
    activity_id bigint,
    measured numeric, -- what sum and max look at
    element text,
    element_measured numeric
)
language sql
stable
as $$
select
    a.activity_date, a.occurred_at, a.activity_id, reading.measured, reading.element,
    reading.element_measured
from badges.activities as a
cross join lateral badges_internal._reading(
    null, null, (p_route).value_field, (p_route).element_field, (p_route).element_unit,
    (p_route).element_measure, (p_route).element_value_field, a.attributes, a.quantity,
    a.activity_date
) as reading
where a.peer_mentor_id = p_peer_mentor_id
and a.org_id is not distinct from p_org_id
and a.activity_date >= p_from
and a.activity_date <= p_to
and (p_types is null or a.activity_type = any(p_types))
and (
    (p_route).predicate is null and p_bucket = ''
    or badges_internal._belongs_to_part(
        p_route, p_bucket, a.attributes, a.quantity, a.activity_date, a.occurred_at
    )
)
$$;

comment on function badges_internal._chosen_activities(
    uuid, text, text[], badges_internal.stat_route, text, date, date
) is
'Reads the activities of one person in one part of a stat, within given local days.';
