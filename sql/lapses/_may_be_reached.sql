-- Tells whether the number of a condition that lapses may be reached by a row of the snapshot.
--
-- Of runs by the present one. p_is_late_day: a day is still to be placed, which may join runs.
create or replace function badges_internal._may_be_reached(
    p_milestone badges_internal.milestones,
    p_held badges.peer_mentor_stats,
    p_is_late_day boolean
)
returns boolean
language sql
immutable
parallel safe
return p_held.has_negative or p_milestone.threshold <= case
    when p_is_late_day
        and p_milestone.lapse_measure in ('active_days', 'day_run', 'week_run', 'month_run')
        then 1 + coalesce(p_held.active_days, p_held.distinct_count)
    when p_milestone.lapse_measure = 'day_run' then p_held.day_run
    when p_milestone.lapse_measure = 'week_run' then p_held.week_run
    when p_milestone.lapse_measure = 'month_run' then p_held.month_run
    else badges_internal._measured(p_held, p_milestone.lapse_measure)
end;

comment on function badges_internal._may_be_reached(
    badges_internal.milestones, badges.peer_mentor_stats, boolean
) is
'Tells whether the number of a condition that lapses may be reached by a row of the snapshot.';
