-- Finds the badges whose milestones the given rows have reached, and sets their next thresholds.
--
-- A row remembers the lowest threshold it has not reached, so a row that reached none is done.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._cross_milestones(p_keys badges_internal.stat_key[])
returns badges_internal.candidate[]
language plpgsql
volatile
set enable_material = off
set enable_seqscan = off
as $$
declare
    v_candidates badges_internal.candidate[];
begin
    with reached as (
        select
            held.peer_mentor_id, held.org_id, held.stat, held.bucket, moved.measure,
            moved.lowest, moved.value
        from unnest(p_keys) as key
        join badges.peer_mentor_stats as held
            on held.peer_mentor_id = key.peer_mentor_id
            and held.org_id = key.org_id
            and held.stat = key.stat
            and held.bucket = key.bucket
        cross join lateral (values
            ('count', held.next_count::numeric, held.activity_count::numeric),
            ('sum', held.next_sum, held.value_sum),
            ('max', held.next_max, held.value_max),
            ('active_days', held.next_active_days, held.active_days),
            ('distinct', held.next_distinct, held.distinct_count),
            ('day_run', held.next_day_run, held.longest_day_run),
            ('week_run', held.next_week_run, held.longest_week_run),
            ('month_run', held.next_month_run, held.longest_month_run)
        ) as moved (measure, lowest, value)
        where moved.value >= moved.lowest
    ),
    -- lowest is rounded up for whole measures: its milestone lies less than one below.
    met as (
        select
            reached.peer_mentor_id, reached.org_id, milestone.badge_definition_id
        from reached
        join badges_internal.milestones as milestone
            on milestone.org_id = reached.org_id
            and milestone.stat = reached.stat
            and milestone.measure = reached.measure
            and milestone.threshold > reached.lowest - 1
            and milestone.threshold <= reached.value
        group by reached.peer_mentor_id, reached.org_id, milestone.badge_definition_id
    ),
    advanced as (
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
        from (select distinct peer_mentor_id, org_id, stat, bucket from reached) as key
        where held.peer_mentor_id = key.peer_mentor_id
        and held.org_id = key.org_id
        and held.stat = key.stat
        and held.bucket = key.bucket
    )
    select array_agg(
        row(peer_mentor_id, org_id, badge_definition_id, null, null)::badges_internal.candidate
    )
    into v_candidates
    from met;
    return v_candidates;
end;
$$;

comment on function badges_internal._cross_milestones(badges_internal.stat_key[]) is
'Finds the badges whose milestones the given rows have reached, and sets their next thresholds.';
