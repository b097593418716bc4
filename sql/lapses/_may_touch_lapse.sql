-- Tells whether an activity may have changed who holds a badge that lapses, time left aside.
--
-- p_stats: those that it counts in. What is not held may hold where the snapshot says that its
-- number is reached. What is held can only begin earlier, by a late activity of before that still
-- counted then; but a sequence may fall, and a part of none_of may come true. What excuses a unit
-- may join runs. p_is_late_day: its day is still to be placed among the active days and the runs.
create or replace function badges_internal._may_touch_lapse(
    p_new badges_internal.new_activity,
    p_stats text[],
    p_is_late_day boolean
)
returns boolean
language plpgsql
volatile
as $$
begin
    if not exists (
        select
        from badges_internal.milestones as milestone
        where milestone.org_id = p_new.org_id
        and milestone.measure = 'lapse'
    ) then
        return false;
    end if;
    return exists (
        select
        from badges_internal.milestones as milestone
        left join badges.earned_badges as earned
            on earned.peer_mentor_id = p_new.peer_mentor_id
            and earned.badge_definition_id = milestone.badge_definition_id
            and earned.org_id = p_new.org_id
            and earned.tier = milestone.tier
            and earned.occurrence = milestone.occurrence
            and earned.revoked_at is null
        left join lateral (
            select
                bool_or(held.has_negative or milestone.threshold <= case
                    when p_is_late_day
                        and milestone.lapse_measure in (
                            'active_days', 'day_run', 'week_run', 'month_run'
                        )
                        then 1 + coalesce(held.active_days, held.distinct_count)
                    when milestone.lapse_measure = 'day_run' then held.day_run
                    when milestone.lapse_measure = 'week_run' then held.week_run
                    when milestone.lapse_measure = 'month_run' then held.month_run
                    else badges_internal._measured(held, milestone.lapse_measure)
                end) as is_reached,
                bool_or(
                    held.last_at > p_new.occurred_at or held.value_last < milestone.threshold
                ) as may_fall,
                bool_or(held.value_last is not null) as is_sequence
            from badges.peer_mentor_stats as held
            where held.peer_mentor_id = p_new.peer_mentor_id
            and held.org_id = p_new.org_id
            and held.stat = milestone.stat
        ) as stats on true
        where milestone.org_id = p_new.org_id
        and milestone.measure = 'lapse'
        and milestone.stat = any(p_stats)
        and case
            when earned.earned_at is null then stats.is_reached
            else p_new.occurred_at < earned.earned_at and (
                earned.earned_at < (
                    p_new.activity_date + 2 + badges_internal._reach_of(milestone)
                )::timestamp at time zone 'UTC'
            )
            or stats.is_sequence and stats.may_fall
            or milestone.parent is not null and (stats.is_reached or stats.may_fall) and exists (
                select
                from badges_internal.condition_groups as grouped
                where grouped.org_id = p_new.org_id
                and grouped.badge_definition_id = milestone.badge_definition_id
                and grouped.kind = 'none_of'
            )
        end
    ) or exists (
        select
        from badges_internal.milestones as milestone
        join badges_internal.stat_definitions as defined using (org_id, stat)
        where milestone.org_id = p_new.org_id
        and milestone.measure = 'lapse'
        and milestone.lapse_measure like '%\_run'
        and p_new.activity_type = any((defined.route).excuse_types)
    );
end;
$$;

comment on function badges_internal._may_touch_lapse(
    badges_internal.new_activity, text[], boolean
) is
'Tells whether an activity may have changed who holds a badge that lapses, time left aside.';
