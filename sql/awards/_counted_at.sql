-- Gives the activity with which a count of a part reached a threshold before a moment, if it did.
--
-- Of few activities: all of them are read, in their order. p_from: docs of _chosen_activities.
-- In line where it is called.
create or replace function badges_internal._counted_at(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_types text[],
    p_route badges_internal.stat_route,
    p_bucket text,
    p_from date,
    p_before timestamptz,
    p_threshold numeric
)
returns table (occurred_at timestamptz, activity_id bigint)
language sql
stable
as $$
select found.occurred_at, found.activity_id
from badges_internal._chosen_activities(
    p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket, p_from,
    -- Docs of _value_between: no moment is more than a day before its day.
    (p_before at time zone 'UTC')::date + 1
) as found
where found.occurred_at < p_before
order by found.occurred_at, found.activity_id
offset ceil(p_threshold)::bigint - 1
limit 1
$$;

comment on function badges_internal._counted_at(
    uuid, text, text[], badges_internal.stat_route, text, date, timestamptz, numeric
) is
'Gives the activity with which a count of a part reached a threshold before a moment, if it did.';
