-- Tells whether an activity may have changed who holds a badge that lapses.
--
-- p_stats: those that it counts in; p_role: its type's (activity_routes); p_last_at: the person's
-- last moment. Time may have, where something has fallen due and is not just a run that goes on.
-- What is not held may hold where the snapshot says that its number is reached. p_is_late_day: its
-- day is still to be placed among the active days and the runs. What excuses a unit may join runs.
-- p_pending: docs of _count_rest.
--
-- Writes: badges_internal.due_people.
create or replace function badges_internal._may_touch_lapse(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_day date,
    p_occurred_at timestamptz,
    p_stats text[],
    p_role text,
    p_last_at timestamptz,
    p_is_late_day boolean,
    p_pending bigint[]
)
returns boolean
language plpgsql
volatile
as $$
declare
    v_due_at timestamptz;
    v_reachable_on date;
    v_runs record;
begin
    if p_role = 'excuses' then
        return true;
    end if;
    select due.next_due_at, due.reachable_on
    into v_due_at, v_reachable_on
    from badges_internal.due_people as due
    where due.peer_mentor_id = p_peer_mentor_id
    and due.org_id = p_org_id;
    if v_reachable_on is not null and (p_occurred_at < p_last_at or p_is_late_day) then
        -- A late day may join runs: one that is not held may be longer by more than a day.
        update badges_internal.due_people as due
        set reachable_on = null
        where due.peer_mentor_id = p_peer_mentor_id
        and due.org_id = p_org_id;
        v_reachable_on := null;
    end if;
    if v_due_at <= p_last_at then
        if p_occurred_at < p_last_at then
            return true;
        end if;
        v_runs := badges_internal._runs_go_on(
            p_peer_mentor_id, p_org_id, p_day, p_occurred_at, p_stats, v_due_at
        );
        if not v_runs.go_on or v_runs.is_all then
            return not v_runs.go_on;
        end if;
    elsif p_day < v_reachable_on then
        return false;
    end if;
    return p_role = 'counts' and exists (
        select
        from badges_internal.milestones as milestone
        join badges.peer_mentor_stats as held
            on held.peer_mentor_id = p_peer_mentor_id
            and held.org_id = p_org_id
            and held.stat = milestone.stat
        left join badges.earned_badges as earned
            on earned.peer_mentor_id = p_peer_mentor_id
            and earned.badge_definition_id = milestone.badge_definition_id
            and earned.org_id = p_org_id
            and earned.tier = milestone.tier
            and earned.occurrence = milestone.occurrence
            and earned.revoked_at is null
        where milestone.org_id = p_org_id
        and milestone.measure = 'lapse'
        and milestone.stat = any(p_stats)
        and case
            when earned.earned_at is null
                then badges_internal._may_be_reached(milestone, held, p_is_late_day)
            when milestone.parent is not null
                or held.value_last is not null
                or earned.earned_at > p_occurred_at
                -- Keys: rows as parameters would be put together for each activity.
                then badges_internal._may_touch_held(
                    p_peer_mentor_id, p_org_id, milestone.badge_definition_id, milestone.tier,
                    milestone.occurrence, milestone.node, held.bucket, earned.earned_at, p_day,
                    p_occurred_at, p_pending
                )
            else false
        end
    );
end;
$$;

comment on function badges_internal._may_touch_lapse(
    uuid, text, date, timestamptz, text[], text, timestamptz, boolean, bigint[]
) is
'Tells whether an activity may have changed who holds a badge that lapses.';
