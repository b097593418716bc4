-- Writes a changed row of the snapshot; false where it reaches a threshold.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._write_row(
    p_part badges_internal.changed_part,
    p_left badges_internal.held_stat
)
returns boolean
language plpgsql
volatile
as $$
declare
    v_has_reached boolean;
begin
    update badges.peer_mentor_stats as held
    set
        activity_count = p_left.activity_count,
        value_sum = p_left.value_sum,
        value_max = p_left.value_max,
        active_days = p_left.active_days,
        distinct_count = p_left.distinct_count,
        day_run = case when held.day_run is not null then p_left.runs[1] end,
        week_run = case when held.week_run is not null then p_left.runs[2] end,
        month_run = case when held.month_run is not null then p_left.runs[3] end,
        longest_day_run = case
            when held.longest_day_run is not null then p_left.longest_runs[1]
        end,
        longest_week_run = case
            when held.longest_week_run is not null then p_left.longest_runs[2]
        end,
        longest_month_run = case
            when held.longest_month_run is not null then p_left.longest_runs[3]
        end,
        run_end = p_left.run_end,
        first_at = p_left.first_at,
        last_at = p_left.last_at,
        last_date = p_left.last_date,
        -- What waits is lower where a value fell; where it rose, it is what may be reached.
        next_count = least(held.next_count, next.next_count),
        next_sum = least(held.next_sum, next.next_sum),
        next_max = least(held.next_max, next.next_max),
        next_active_days = least(held.next_active_days, next.next_active_days),
        next_distinct = least(held.next_distinct, next.next_distinct),
        next_day_run = least(held.next_day_run, next.next_day_run),
        next_week_run = least(held.next_week_run, next.next_week_run),
        next_month_run = least(held.next_month_run, next.next_month_run),
        counted_in = case when held.stat = '*' then pg_current_xact_id() end,
        counted_upto = case when held.stat = '*' then badges_internal._last_activity_id() end
    from badges_internal._next_thresholds(
        p_part.thresholds, p_part.org_id, p_part.stat,
        row(p_left.activity_count, p_left.value_sum, p_left.value_max, p_left.active_days,
            p_left.distinct_count, p_left.longest_runs[1], p_left.longest_runs[2],
            p_left.longest_runs[3])::badges_internal.stat_values
    ) as next
    where held.peer_mentor_id = p_part.peer_mentor_id
    and held.org_id = p_part.org_id
    and held.stat = p_part.stat
    and held.bucket = p_part.bucket
    returning badges_internal._has_reached(held)
    into v_has_reached;
    return not coalesce(v_has_reached, false);
end;
$$;

comment on function badges_internal._write_row(
    badges_internal.changed_part, badges_internal.held_stat
) is
'Writes a changed row of the snapshot; false where it reaches a threshold.';
