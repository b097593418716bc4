-- Reads the activities of one person that a sequence chose, within given local days.
--
-- p_pending: activities that must not be seen. Without order and without SET, so that it becomes
-- part of the statement that asks, and sees what that one sees.
create or replace function badges_internal._sequence_activities(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_types text[],
    p_route badges_internal.stat_route,
    p_from date,
    p_to date,
    p_pending bigint[]
)
returns table (
    activity_date date,
    occurred_at timestamptz,
    activity_id bigint,
    qualifies integer
)
language sql
stable
as $$
select
    a.activity_date, a.occurred_at, a.activity_id,
    badges_internal._qualifies(p_route, a.attributes, a.quantity)
from badges.activities as a
where a.peer_mentor_id = p_peer_mentor_id
and a.org_id is not distinct from p_org_id
and a.activity_date >= p_from
and a.activity_date <= p_to
and (p_types is null or a.activity_type = any(p_types))
and (p_pending is null or a.activity_id <> all (p_pending))
and (
    (p_route).predicate is null
    or badges_internal._belongs_to_part(
        p_route, '', a.attributes, a.quantity, a.activity_date, a.occurred_at
    )
)
$$;

comment on function badges_internal._sequence_activities(
    uuid, text, text[], badges_internal.stat_route, date, date, bigint[]
) is
'Reads the activities of one person that a sequence chose, within given local days.';
