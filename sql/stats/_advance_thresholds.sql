-- Sets the next thresholds of rows that have reached one: the lowest that each measure has not.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._advance_thresholds(p_keys badges_internal.stat_key[])
returns void
language plpgsql
volatile
set enable_material = off
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
begin
    update badges.peer_mentor_stats as held
    set
        next_count = case when held.activity_count >= held.next_count
            then badges_internal._next_whole(
                held.org_id, held.stat, 'count', held.activity_count)
            else held.next_count end,
        next_sum = case when held.value_sum >= held.next_sum
            then badges_internal._next_threshold(
                held.org_id, held.stat, 'sum', held.value_sum)
            else held.next_sum end,
        next_max = case when held.value_max >= held.next_max
            then badges_internal._next_threshold(
                held.org_id, held.stat, 'max', held.value_max)
            else held.next_max end,
        next_active_days = case when held.active_days >= held.next_active_days
            then badges_internal._next_whole(
                held.org_id, held.stat, 'active_days', held.active_days)
            else held.next_active_days end,
        next_distinct = case when held.distinct_count >= held.next_distinct
            then badges_internal._next_whole(
                held.org_id, held.stat, 'distinct', held.distinct_count)
            else held.next_distinct end,
        next_day_run = case when held.longest_day_run >= held.next_day_run
            then badges_internal._next_whole(
                held.org_id, held.stat, 'day_run', held.longest_day_run)
            else held.next_day_run end,
        next_week_run = case when held.longest_week_run >= held.next_week_run
            then badges_internal._next_whole(
                held.org_id, held.stat, 'week_run', held.longest_week_run)
            else held.next_week_run end,
        next_month_run = case when held.longest_month_run >= held.next_month_run
            then badges_internal._next_whole(
                held.org_id, held.stat, 'month_run', held.longest_month_run)
            else held.next_month_run end
    from unnest(p_keys) as key
    where held.peer_mentor_id = key.peer_mentor_id
    and held.org_id = key.org_id
    and held.stat = key.stat
    and held.bucket = key.bucket;
end;
$$;

comment on function badges_internal._advance_thresholds(badges_internal.stat_key[]) is
'Sets the next thresholds of rows that have reached one: the lowest that each measure has not.';
