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
return p_held.has_negative or p_milestone.threshold <= case p_milestone.lapse_measure
    when 'count' then p_held.activity_count
    when 'sum' then p_held.value_sum
    when 'max' then p_held.value_max
    when 'distinct' then p_held.distinct_count
    else case
        when p_is_late_day then 1 + coalesce(p_held.active_days, p_held.distinct_count)
        else case p_milestone.lapse_measure
            when 'active_days' then p_held.active_days
            when 'day_run' then p_held.day_run
            when 'week_run' then p_held.week_run
            else p_held.month_run
        end
    end
end;

comment on function badges_internal._may_be_reached(
    badges_internal.milestones, badges.peer_mentor_stats, boolean
) is
'Tells whether the number of a condition that lapses may be reached by a row of the snapshot.';
