-- Gives the last instant before a moment at which a part of a stat has activities.
--
-- value: what they count for, by number or by sum; activity_ids: theirs, in order. A moment lies
-- within a day of its local day.
create or replace function badges_internal._instant_before(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_types text[],
    p_route badges_internal.stat_route,
    p_bucket text,
    p_from date,
    p_moment timestamptz,
    p_is_count boolean
)
returns table (occurred_at timestamptz, value numeric, activity_ids bigint[])
language sql
stable
as $$
select
    found.occurred_at,
    case when p_is_count then count(*) else coalesce(sum(found.measured), 0) end,
    array_agg(found.activity_id order by found.activity_id)
from (
    select near.occurred_at
    from badges_internal._chosen_activities(
        p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket, p_from,
        (p_moment at time zone 'UTC')::date + 1
    ) as near
    where near.occurred_at < p_moment
    order by near.activity_date desc
    limit 1
) as near
cross join lateral badges_internal._chosen_activities(
    p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket,
    (near.occurred_at at time zone 'UTC')::date - 1, (p_moment at time zone 'UTC')::date + 1
) as found
where found.occurred_at < p_moment
group by found.occurred_at
order by found.occurred_at desc
limit 1
$$;

comment on function badges_internal._instant_before(
    uuid, text, text[], badges_internal.stat_route, text, date, timestamptz, boolean
) is
'Gives the last instant before a moment at which a part of a stat has activities.';
