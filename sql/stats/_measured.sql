-- Gives what a row of the snapshot has of a measure; of runs the longest.
create or replace function badges_internal._measured(
    p_stats badges.peer_mentor_stats,
    p_measure text
)
returns numeric
language sql
immutable
parallel safe
return case
    when p_measure = 'count' then p_stats.activity_count
    when p_measure = 'sum' then p_stats.value_sum
    when p_measure = 'max' then p_stats.value_max
    when p_measure = 'active_days' then p_stats.active_days
    when p_measure = 'distinct' then p_stats.distinct_count
    when p_measure = 'day_run' then p_stats.longest_day_run
    when p_measure = 'week_run' then p_stats.longest_week_run
    when p_measure = 'month_run' then p_stats.longest_month_run
end;

comment on function badges_internal._measured(badges.peer_mentor_stats, text) is
'Gives what a row of the snapshot has of a measure; of runs the longest.';
