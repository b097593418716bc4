-- Counts one activity in a capped stat, and tells whether the row reached a threshold.
--
-- The row knows the total of its newest unit, that of run_end; of an earlier one the activities are
-- read. p_pending: activities of the person that must not be seen. The caller holds the base row,
-- and marks it where a value is negative.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._count_capped(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_route badges_internal.stat_route,
    p_bucket text,
    p_measured numeric,
    p_day date,
    p_occurred_at timestamptz,
    p_pending bigint[]
)
returns boolean
language plpgsql
volatile
as $$
declare
    v_at constant numeric := p_route.cap_at;
    v_value constant numeric := badges_internal._capped_value(p_route, p_measured);
    v_first constant date := badges_internal._unit_start(p_route.cap_unit, p_day);
    v_before numeric;
    v_has_reached boolean;
begin
    update badges.peer_mentor_stats as held
    set
        activity_count = activity_count + 1,
        value_sum = value_sum + case
            when run_end = v_first then least(value_last + v_value, v_at) - least(value_last, v_at)
            else least(v_value, v_at)
        end,
        value_last = case when run_end = v_first then value_last + v_value else v_value end,
        run_end = v_first,
        first_at = least(first_at, p_occurred_at),
        last_at = greatest(last_at, p_occurred_at)
    where held.peer_mentor_id = p_peer_mentor_id
    and held.org_id = p_org_id
    and held.stat = p_route.stat
    and held.bucket = p_bucket
    and held.run_end <= v_first
    returning badges_internal._has_reached(held)
    into v_has_reached;
    if found then
        return coalesce(v_has_reached, false);
    end if;
    select coalesce(sum(badges_internal._capped_value(p_route, own.measured)), 0) - v_value
    into v_before
    from badges_internal._window_days(p_route.cap_unit, p_day) as unit
    cross join lateral badges_internal._selected_activities(
        array[p_peer_mentor_id], p_org_id, p_route.stat, p_bucket, unit.first_day,
        unit.last_day
    ) as own
    where p_pending is null
    or own.activity_id <> all(p_pending);
    insert into badges.peer_mentor_stats as held (
        peer_mentor_id, org_id, stat, bucket, activity_count, value_sum, value_last, run_end,
        first_at, last_at, next_sum
    )
    select
        p_peer_mentor_id, p_org_id, p_route.stat, p_bucket, 1,
        least(v_before + v_value, v_at) - least(v_before, v_at), v_value, v_first, p_occurred_at,
        p_occurred_at, (defined.thresholds).value_sum[1]
    from badges_internal.stat_definitions as defined
    where defined.org_id = p_org_id
    and defined.stat = p_route.stat
    on conflict (peer_mentor_id, org_id, stat, bucket) do update set
        activity_count = held.activity_count + 1,
        value_sum = held.value_sum + excluded.value_sum,
        first_at = least(held.first_at, excluded.first_at),
        last_at = greatest(held.last_at, excluded.last_at)
    returning badges_internal._has_reached(held)
    into v_has_reached;
    return coalesce(v_has_reached, false);
end;
$$;

comment on function badges_internal._count_capped(
    uuid, text, badges_internal.stat_route, text, numeric, date, timestamptz, bigint[]
) is
'Counts one activity in a capped stat, and tells whether the row reached a threshold.';
