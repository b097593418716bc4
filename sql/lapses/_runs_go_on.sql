-- Tells whether all that time had to look at are runs that go on, and notes what is next.
--
-- p_new: in order, and counted; something has fallen due by then. Runs that the snapshot has, long
-- enough, without a break since the award, and that still live, need no look at the activities.
-- False where anything else may be due.
--
-- Writes: badges_internal.due_people.
create or replace function badges_internal._runs_go_on(p_new badges_internal.new_activity)
returns boolean
language plpgsql
volatile
as $$
declare
    v_go_on boolean;
    v_next_at timestamptz;
begin
    if exists (
        select
        from badges_internal.milestones as milestone
        where milestone.org_id = p_new.org_id
        and milestone.measure = 'tenure'
    ) then
        return false;
    end if;
    select
        bool_and(case
            when milestone.parent is not null or milestone.last_days is not null
                or milestone.lapse_measure = 'badges' then false
            when milestone.lapse_measure not like '%\_run' then true
            -- Long enough and not held, it is so from the beginning of a day that was to come.
            when earned.earned_at is null then (run.length >= milestone.threshold) is not true
            else run.length >= milestone.threshold
                and held.run_end <= p_new.activity_date
                -- It counts the unit in which the badge was earned.
                and badges_internal._unit_number(run.unit, held.run_end) - run.length
                    < badges_internal._unit_number(run.unit, badges_internal._day_of(
                        earned.earned_at, organization.time_zone, organization.day_starts
                    ))
        end),
        min(badges_internal._day_begins(
            badges_internal._dies_on(
                run.unit, held.run_end, 1 + coalesce((defined.route).grace, 0),
                (defined.route).unit_calendar
            ),
            organization.time_zone, organization.day_starts
        )) filter (where earned.earned_at is not null)
    into v_go_on, v_next_at
    from badges.organizations as organization
    join badges_internal.milestones as milestone on milestone.org_id = organization.org_id
    left join badges_internal.stat_definitions as defined
        on defined.org_id = milestone.org_id
        and defined.stat = milestone.stat
    left join badges.earned_badges as earned
        on earned.peer_mentor_id = p_new.peer_mentor_id
        and earned.badge_definition_id = milestone.badge_definition_id
        and earned.org_id = p_new.org_id
        and earned.tier = milestone.tier
        and earned.occurrence = milestone.occurrence
        and earned.revoked_at is null
    left join badges.peer_mentor_stats as held
        on held.peer_mentor_id = p_new.peer_mentor_id
        and held.org_id = p_new.org_id
        and held.stat = milestone.stat
        and held.bucket = ''
        and milestone.lapse_measure like '%\_run'
    left join lateral (
        select
            badges_internal._calendar_unit(
                split_part(milestone.lapse_measure, '_', 1), organization.week_starts
            ) as unit,
            case milestone.lapse_measure
                when 'day_run' then held.day_run
                when 'week_run' then held.week_run
                else held.month_run
            end as length
        where held.run_end is not null
    ) as run on true
    where organization.org_id = p_new.org_id
    and milestone.measure = 'lapse';
    -- An activity that is none of the run's does not keep it alive.
    if v_go_on is not true or v_next_at <= p_new.occurred_at then
        return false;
    end if;
    update badges_internal.due_people as due
    set next_due_at = v_next_at, lapses_at = v_next_at
    where due.peer_mentor_id = p_new.peer_mentor_id
    and due.org_id = p_new.org_id;
    return true;
end;
$$;

comment on function badges_internal._runs_go_on(badges_internal.new_activity) is
'Tells whether all that time had to look at are runs that go on, and notes what is next.';
