-- Gives the values of a row of the snapshot that thresholds are compared with.
create or replace function badges_internal._stat_values(p_held badges.peer_mentor_stats)
returns badges_internal.stat_values
language sql
immutable
parallel safe
return row(
    p_held.activity_count, p_held.value_sum, p_held.value_max, p_held.active_days,
    p_held.distinct_count, p_held.longest_day_run, p_held.longest_week_run,
    p_held.longest_month_run
)::badges_internal.stat_values;

comment on function badges_internal._stat_values(badges.peer_mentor_stats) is
'Gives the values of a row of the snapshot that thresholds are compared with.';
