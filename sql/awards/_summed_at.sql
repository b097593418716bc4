-- Gives the activity with which a sum of a part reached a threshold before a moment, if it did.
--
-- Of few activities, none of them below zero: all are read, in their order. Of a moment's the last
-- one: which of them was enough is nowhere said. p_from: docs of _chosen_activities. In line where
-- it is called.
create or replace function badges_internal._summed_at(
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
select summed.occurred_at, summed.activity_id
from (
    select
        found.occurred_at, found.activity_id,
        sum(found.measured) over (order by found.occurred_at) as value
    from badges_internal._chosen_activities(
        p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket, p_from,
        (p_before at time zone 'UTC')::date + 1 -- docs of _value_between
    ) as found
    where found.occurred_at < p_before
) as summed
where summed.value >= p_threshold
order by summed.occurred_at, summed.activity_id desc
limit 1
$$;

comment on function badges_internal._summed_at(
    uuid, text, text[], badges_internal.stat_route, text, date, timestamptz, numeric
) is
'Gives the activity with which a sum of a part reached a threshold before a moment, if it did.';
