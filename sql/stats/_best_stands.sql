-- Tells whether the best rolling windows of a row stand, whatever windows hold a day.
--
-- So it is where all that lies within reach of the day is no more than they have: that is a simpler
-- statement than measuring each window. p_types: of the stat. Where a value is below zero, or the
-- row is new, it is not told.
create or replace function badges_internal._best_stands(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_types text[],
    p_route badges_internal.stat_route,
    p_bucket text,
    p_day date,
    p_occurred_at timestamptz
)
returns boolean
language plpgsql
volatile
as $$
begin
    return exists (
        select
        from badges.peer_mentor_stats as held
        cross join lateral (
            select
                count(*) as activity_count, sum(found.measured) as value_sum,
                max(found.measured) as value_max, min(found.measured) as value_min,
                count(distinct found.activity_date) as active_days
            from badges_internal._chosen_activities(
                p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket,
                p_day - p_route.rolling_days + 1,
                p_day + p_route.rolling_days - 1
            ) as found
            offset 0
        ) as around
        where held.peer_mentor_id = p_peer_mentor_id
        and held.org_id = p_org_id
        and held.stat = p_route.stat
        and held.bucket = p_bucket
        and held.activity_count >= around.activity_count
        and held.value_sum >= coalesce(around.value_sum, 0)
        and (around.value_max is null or held.value_max >= around.value_max)
        and (around.value_min < 0) is not true
        and held.active_days >= around.active_days
        and p_occurred_at between held.first_at and held.last_at
        and badges_internal._has_reached(held) is not true
    );
end;
$$;

comment on function badges_internal._best_stands(
    uuid, text, text[], badges_internal.stat_route, text, date, timestamptz
) is
'Tells whether the best rolling windows of a row stand, whatever windows hold a day.';
