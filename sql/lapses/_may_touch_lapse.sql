-- Tells whether an activity may have changed who holds a badge that lapses, time left aside.
--
-- p_stats: those that it counts in; in others it may excuse a unit. What is not held may hold where
-- the snapshot says that its number is reached. What is held can only begin earlier, by a late
-- activity of before that still counted then.
create or replace function badges_internal._may_touch_lapse(
    p_new badges_internal.new_activity,
    p_stats text[]
)
returns boolean
language plpgsql
volatile
as $$
begin
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
        left join badges_internal.stat_definitions as defined
            on defined.org_id = p_new.org_id
            and defined.stat = milestone.stat
        cross join lateral (
            select coalesce(p_new.activity_type = any((defined.route).excuse_types), false)
                as it_may
        ) as excuse
        where milestone.org_id = p_new.org_id
        and milestone.measure = 'lapse'
        and (milestone.stat = any(p_stats) or excuse.it_may)
        and case
            when earned.earned_at is not null then p_new.occurred_at < earned.earned_at
                and (
                    milestone.last_days is null
                    or earned.earned_at < (p_new.activity_date + milestone.last_days + 2)::timestamp
                        at time zone 'UTC'
                )
            else excuse.it_may or exists (
                select
                from badges.peer_mentor_stats as held
                where held.peer_mentor_id = p_new.peer_mentor_id
                and held.org_id = p_new.org_id
                and held.stat = milestone.stat
                and (
                    held.has_negative
                    or milestone.threshold <= case milestone.lapse_measure
                        when 'day_run' then held.day_run
                        when 'week_run' then held.week_run
                        when 'month_run' then held.month_run
                        else badges_internal._measured(held, milestone.lapse_measure)
                    end
                )
            )
        end
    );
end;
$$;

comment on function badges_internal._may_touch_lapse(badges_internal.new_activity, text[]) is
'Tells whether an activity may have changed who holds a badge that lapses, time left aside.';
