-- Lists the measures of a row of the snapshot that have reached their next threshold.
--
-- lowest: that threshold, rounded up for whole measures, so that its milestone lies less than one
-- below; value: what the measure is now. In line where it is called.
create or replace function badges_internal._reached_measures(p_held badges.peer_mentor_stats)
returns table (measure text, lowest numeric, value numeric)
language sql
stable
parallel safe
begin atomic
    select moved.measure, moved.lowest, moved.value
    from (values
        ('count', p_held.next_count::numeric, p_held.activity_count::numeric),
        ('sum', p_held.next_sum, p_held.value_sum),
        ('max', p_held.next_max, p_held.value_max),
        ('active_days', p_held.next_active_days, p_held.active_days),
        ('distinct', p_held.next_distinct, p_held.distinct_count),
        ('day_run', p_held.next_day_run, p_held.longest_day_run),
        ('week_run', p_held.next_week_run, p_held.longest_week_run),
        ('month_run', p_held.next_month_run, p_held.longest_month_run)
    ) as moved (measure, lowest, value)
    where moved.value >= moved.lowest;
end;

comment on function badges_internal._reached_measures(badges.peer_mentor_stats) is
'Lists the measures of a row of the snapshot that have reached their next threshold.';
