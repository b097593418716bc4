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
            next_count = next.next_count,
            next_sum = next.next_sum,
            next_max = next.next_max,
            next_active_days = next.next_active_days,
            next_distinct = next.next_distinct,
            next_day_run = next.next_day_run,
            next_week_run = next.next_week_run,
            next_month_run = next.next_month_run
        from (select distinct peer_mentor_id, org_id, stat, bucket from reached) as key
        join badges.peer_mentor_stats as own
            on own.peer_mentor_id = key.peer_mentor_id
            and own.org_id = key.org_id
            and own.stat = key.stat
            and own.bucket = key.bucket
        join badges_internal.stat_definitions as defined
            on defined.org_id = own.org_id
            and defined.stat = own.stat
        cross join lateral badges_internal._next_thresholds(
            defined.thresholds, own.org_id, own.stat,
            row(own.activity_count, own.value_sum, own.value_max, own.active_days,
                own.distinct_count, own.longest_day_run, own.longest_week_run,
                own.longest_month_run)::badges_internal.stat_values
        ) as next
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
