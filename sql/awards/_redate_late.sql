-- Moves earned_at of held awards back where these late activities made their rules true earlier.
--
-- Only what a late activity is part of can come true earlier: awards dated after it, over stats
-- that chose it, of parts it lies in. Simple badges are dated by a look around the award or the
-- activity. Composed ones, and what falls, goes over elements or rolls, are dated anew where a
-- condition may have come true before the award.
--
-- p_late: all of the statement, in the order of people and moments; they are in the table and in
-- the snapshot. p_is_all: nothing else is done about them. Then false, and nothing is done, where
-- badges may have held without holding now (docs of _falling_badges), and where an award that moves
-- may be counted by one that lapses, which follows with what else lapses.
-- The caller holds the base rows. One activity alone takes _redate_simply where that is enough.
--
-- Writes: badges.earned_badges, badges.award_events (redated).
create or replace function badges_internal._redate_late(
    p_late badges_internal.late_activity[],
    p_is_all boolean
)
returns boolean
language plpgsql
volatile
set enable_bitmapscan = off
as $$
declare
    v_first integer := 1; -- of a person's
    v_mine badges_internal.late_activity[];
    v_stats text[];
    v_states badges_internal.condition_state[];
    v_earlier record;
    v_held badges_internal.candidate[];
    v_awards badges_internal.dated_award[];
    v_moved badges_internal.candidate[];
begin
    if p_is_all and badges_internal._may_have_held(p_late) then
        return false;
    end if;
    for v_last in 1 .. cardinality(p_late) loop
        v_stats := v_stats || p_late[v_last].stats;
        continue when p_late[v_last].peer_mentor_id = p_late[v_last + 1].peer_mentor_id
            and p_late[v_last].org_id = p_late[v_last + 1].org_id;
        v_mine := p_late[v_first:v_last];
        v_first := v_last + 1;
        -- Hardly anybody has been given something since, and the next statement is dear to begin.
        perform
        from badges.earned_badges as earned
        where earned.peer_mentor_id = v_mine[1].peer_mentor_id
        and earned.org_id = v_mine[1].org_id
        and earned.earned_at > v_mine[1].occurred_at;
        v_states := null;
        if found then
            v_states := array(
                select row(
                    v_mine[1].peer_mentor_id, v_mine[1].org_id, since.badge_definition_id,
                    since.tier, since.occurrence, since.node, since.parent, since.stat,
                    since.measure, since.threshold, since.threshold_source, since.earned_at, null,
                    null
                )::badges_internal.condition_state
                from badges_internal._awarded_since(
                    v_mine[1].peer_mentor_id, v_mine[1].org_id, v_mine[1].occurred_at, v_stats
                ) as since
                order by since.stat, since.measure, since.earned_at
            );
        end if;
        v_stats := null;
        continue when v_states is null;
        v_earlier := badges_internal._earlier_awards(v_states, v_mine);
        v_awards := v_awards || v_earlier.awards;
        v_held := v_held || v_earlier.held;
    end loop;
    if p_is_all and (v_awards is not null or v_held is not null) and exists (
        select
        from badges_internal.milestones as counting
        where counting.org_id in (select late.org_id from unnest(p_late) as late)
        and counting.measure = 'lapse'
        and counting.lapse_measure = 'badges'
    ) then
        return false;
    end if;
    if v_awards is not null then
        v_moved := badges_internal._move_awards(v_awards);
        -- A look whether anything counts them is less than the way there.
        if v_held is null and not exists (
            select
            from unnest(v_awards) as moved
            join badges_internal.milestones as counting
                on counting.org_id = moved.org_id
                and counting.measure = 'badges'
                and (
                    counting.badge_ids is null
                    or moved.badge_definition_id = any(counting.badge_ids)
                )
        ) then
            return true;
        end if;
    end if;
    if v_held is not null or v_moved is not null then
        perform badges_internal._redate_badges(v_held, v_moved);
    end if;
    return true;
end;
$$;

comment on function badges_internal._redate_late(badges_internal.late_activity[], boolean) is
'Moves earned_at of held awards back where these late activities made their rules true earlier.';
