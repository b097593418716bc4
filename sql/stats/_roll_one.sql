-- Keeps the best rolling windows of a stat for one activity, and tells whether its row reached one.
--
-- Measures the windows that hold the activity's day: one ends on each day, from then on, on which
-- the stat chose something. Null where that is not enough: elements have tallies of their own, and
-- where a value fell on the day, the best may have been lost (_roll_stat). The caller holds the
-- base row.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._roll_one(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_route badges_internal.stat_route,
    p_bucket text,
    p_day date,
    p_occurred_at timestamptz
)
returns boolean
language plpgsql
volatile
as $$
declare
    v_types text[];
    v_is_falling boolean;
    v_best badges_internal.stat_values;
    v_has_reached boolean;
begin
    if p_route.element_field is not null then
        return null;
    end if;
    select defined.activity_types
    into v_types
    from badges_internal.stat_definitions as defined
    where defined.org_id = p_org_id
    and defined.stat = p_route.stat;
    if badges_internal._best_stands(
        p_peer_mentor_id, p_org_id, v_types, p_route, p_bucket, p_day, p_occurred_at
    ) then
        return false;
    end if;
    with days as (
        select
            found.activity_date, found.activity_date - p_day as number,
            count(*) as activity_count, sum(found.measured) as value_sum,
            max(found.measured) as value_max, min(found.measured) as value_min
        from badges_internal._chosen_activities(
            p_peer_mentor_id, p_org_id, v_types, p_route, p_bucket,
            p_day - p_route.rolling_days + 1, p_day + p_route.rolling_days - 1
        ) as found
        group by found.activity_date
    )
    select
        max(ending.activity_count), max(ending.value_sum), max(ending.value_max),
        max(ending.active_days),
        coalesce(bool_or(ending.value_min < 0 and ending.number = 0), false)
    into
        v_best.activity_count, v_best.value_sum, v_best.value_max, v_best.active_days, v_is_falling
    from (
        select
            days.number, days.value_min, sum(days.activity_count) over lately as activity_count,
            sum(days.value_sum) over lately as value_sum,
            max(days.value_max) over lately as value_max, count(*) over lately as active_days
        from days
        window lately as (
            order by days.number
            range between p_route.rolling_days - 1 preceding and current row
        )
    ) as ending
    where ending.number >= 0;
    if v_is_falling or v_best.activity_count is null then
        return null;
    end if;
    update badges.peer_mentor_stats as held
    set
        activity_count = greatest(activity_count, v_best.activity_count),
        value_sum = greatest(value_sum, v_best.value_sum),
        value_max = greatest(value_max, v_best.value_max),
        active_days = greatest(active_days, v_best.active_days),
        first_at = least(first_at, p_occurred_at),
        last_at = greatest(last_at, p_occurred_at)
    where held.peer_mentor_id = p_peer_mentor_id
    and held.org_id = p_org_id
    and held.stat = p_route.stat
    and held.bucket = p_bucket
    returning badges_internal._has_reached(held)
    into v_has_reached;
    if found then
        return coalesce(v_has_reached, false);
    end if;
    insert into badges.peer_mentor_stats as held (
        peer_mentor_id, org_id, stat, bucket, activity_count, value_sum, value_max, active_days,
        first_at, last_at, next_count, next_sum, next_max, next_active_days, next_distinct
    )
    select
        p_peer_mentor_id, p_org_id, p_route.stat, p_bucket, v_best.activity_count,
        coalesce(v_best.value_sum, 0), v_best.value_max, v_best.active_days, p_occurred_at,
        p_occurred_at,
        next.next_count, next.next_sum, next.next_max, next.next_active_days, next.next_distinct
    from badges_internal.stat_definitions as defined
    cross join lateral badges_internal._next_thresholds(
        defined.thresholds, p_org_id, p_route.stat,
        row(0, 0, null, 0, 0, 0, 0, 0)::badges_internal.stat_values
    ) as next
    where defined.org_id = p_org_id
    and defined.stat = p_route.stat
    returning badges_internal._has_reached(held)
    into v_has_reached;
    return coalesce(v_has_reached, false);
end;
$$;

comment on function badges_internal._roll_one(
    uuid, text, badges_internal.stat_route, text, date, timestamptz
) is
'Keeps the best rolling windows of a stat for one activity, and tells whether its row reached one.';
