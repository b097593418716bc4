-- Tells whether all that time had to look at are runs that go on, and notes what is next.
--
-- Asked where something has fallen due by an activity in order, that is counted. Runs that the
-- snapshot has, long enough, without a break since the award, and that still live, need no look at
-- the activities, unless the activity is told when its day has passed: they may have died
-- meanwhile. go_on: false where anything else may be due. is_all: the activity, which counts in
-- p_stats, can have changed nothing else that lapses. p_due_at: what was next; no tenure that falls
-- due before is left. Where runs are all that lapses, it is noted, too, from which day on one that
-- is not held can be long enough: a run grows by one a day at most.
--
-- Writes: badges_internal.due_people.
create or replace function badges_internal._runs_go_on(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_activity_date date,
    p_occurred_at timestamptz,
    p_stats text[],
    p_due_at timestamptz,
    out go_on boolean,
    out is_all boolean
)
language plpgsql
volatile
as $$
declare
    v_rule record;
    v_dies_on date;
    v_next_at timestamptz;
    v_reachable_on date := 'infinity';
    v_has_tenure boolean;
    v_tenure_at timestamptz; -- when the next falls due
begin
    go_on := false;
    is_all := true;
    for v_rule in
        select
            milestone.stat, milestone.threshold, milestone.lapse_measure, earned.earned_at,
            case milestone.lapse_measure
                when 'day_run' then held.day_run
                when 'week_run' then held.week_run
                else held.month_run
            end as length,
            milestone.parent is null and milestone.last_days is null
                and milestone.lapse_measure <> 'badges' and badges_internal._day_of(p_occurred_at,
                organization.time_zone, organization.day_starts) <= p_activity_date as is_simple,
            organization.time_zone, organization.day_starts, organization.week_starts, held.run_end,
            -- Those of the base stats say nothing of it.
            case when milestone.stat !~ '^[=*]' then (
                select defined.route
                from badges_internal.stat_definitions as defined
                where defined.org_id = organization.org_id
                and defined.stat = milestone.stat
            ) end as route
        from badges.organizations as organization
        join badges_internal.milestones as milestone
            on milestone.org_id = organization.org_id
            and milestone.measure in ('lapse', 'tenure')
        left join badges.earned_badges as earned
            on earned.peer_mentor_id = p_peer_mentor_id
            and earned.badge_definition_id = milestone.badge_definition_id
            and earned.org_id = p_org_id
            and earned.tier = milestone.tier
            and earned.occurrence = milestone.occurrence
            and earned.revoked_at is null
        left join badges.peer_mentor_stats as held
            on held.peer_mentor_id = p_peer_mentor_id
            and held.org_id = p_org_id
            and held.stat = milestone.stat
            and held.bucket = ''
        where organization.org_id = p_org_id
    loop
        if v_rule.lapse_measure is null then
            v_has_tenure := true;
            continue;
        end if;
        if not v_rule.is_simple or v_rule.earned_at > p_occurred_at then
            return;
        end if;
        if v_rule.lapse_measure not like '%\_run' then
            is_all := is_all and v_rule.stat <> all(p_stats);
            v_reachable_on := '-infinity';
            continue;
        end if;
        -- Long enough and not held, it is so from the beginning of a day that was to come.
        if coalesce(v_rule.length >= v_rule.threshold, false) <> (v_rule.earned_at is not null) then
            return;
        end if;
        if v_rule.earned_at is null then
            v_reachable_on := least(v_reachable_on, coalesce(v_rule.run_end
                + least(v_rule.threshold - v_rule.length, 10000)::integer, '-infinity'));
            continue;
        end if;
        v_dies_on := badges_internal._unbroken_until(
            v_rule.lapse_measure, v_rule.run_end, v_rule.length, (v_rule.route).grace,
            (v_rule.route).unit_calendar, v_rule.week_starts, badges_internal._day_of(
                v_rule.earned_at, v_rule.time_zone, v_rule.day_starts
            )
        );
        if v_dies_on is null or v_rule.run_end > p_activity_date then
            return;
        end if;
        v_next_at := least(v_next_at, badges_internal._day_begins(
            v_dies_on, v_rule.time_zone, v_rule.day_starts
        ));
    end loop;
    if v_has_tenure then
        select min(tenure.due_at)
        into v_tenure_at
        from badges_internal._tenures(array[p_peer_mentor_id], array[p_org_id], null) as tenure
        where tenure.due_at >= p_due_at;
    end if;
    -- An activity that is none of the run's does not keep it alive.
    if least(v_next_at, v_tenure_at) <= p_occurred_at then
        return;
    end if;
    update badges_internal.due_people as due
    set
        next_due_at = least(v_next_at, v_tenure_at), lapses_at = v_next_at,
        reachable_on = v_reachable_on
    where due.peer_mentor_id = p_peer_mentor_id
    and due.org_id = p_org_id;
    go_on := true;
end;
$$;

comment on function badges_internal._runs_go_on(
    uuid, text, date, timestamptz, text[], timestamptz
) is
'Tells whether all that time had to look at are runs that go on, and notes what is next.';
