-- Tells whether a row of the snapshot has reached the lowest threshold it waits for.
create or replace function badges_internal._has_reached(p_stats badges.peer_mentor_stats)
returns boolean
language sql
immutable
parallel safe
return p_stats.activity_count >= p_stats.next_count
or p_stats.value_sum >= p_stats.next_sum
or p_stats.value_max >= p_stats.next_max
or p_stats.active_days >= p_stats.next_active_days
or p_stats.distinct_count >= p_stats.next_distinct
or p_stats.longest_day_run >= p_stats.next_day_run
or p_stats.longest_week_run >= p_stats.next_week_run
or p_stats.longest_month_run >= p_stats.next_month_run;

comment on function badges_internal._has_reached(badges.peer_mentor_stats) is
'Tells whether a row of the snapshot has reached the lowest threshold it waits for.';
