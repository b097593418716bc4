-- Awards what a late activity brings its person, dated; gives what needs the general way.
--
-- p_awards, p_candidates: docs of _award_reached. The awards are dated as if they were held and had
-- come true earlier; where one is not, all need the general way. A badge that others count is among
-- the candidates a second time, with the moment of its award.
--
-- Writes: badges.earned_badges, badges.award_events.
create or replace function badges_internal._award_late(
    p_late badges_internal.late_activity,
    p_awards badges_internal.dated_award[],
    p_candidates badges_internal.candidate[]
)
returns badges_internal.candidate[]
language plpgsql
volatile
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_awards badges_internal.dated_award[];
begin
    select array_agg(row(
        state.peer_mentor_id, state.org_id, state.badge_definition_id, state.tier,
        state.occurrence, state.came_true_at, state.activity_id, state.threshold,
        state.threshold_source
    )::badges_internal.dated_award)
    into v_awards
    from unnest(badges_internal._earlier_states(
        array(
            select row(
                award.peer_mentor_id, award.org_id, award.badge_definition_id, award.tier,
                award.occurrence, milestone.node, null, milestone.stat, milestone.measure,
                award.threshold, award.threshold_source, 'infinity', null, null
            )::badges_internal.condition_state
            from unnest(p_awards) as award
            join badges_internal.milestones as milestone
                on milestone.org_id = award.org_id
                and milestone.badge_definition_id = award.badge_definition_id
                and milestone.tier = award.tier
                and milestone.occurrence = award.occurrence
            order by milestone.stat, milestone.measure, award.threshold
        ),
        array[p_late]
    )) as state
    where state.came_true_at is not null;
    if cardinality(v_awards) = cardinality(p_awards) then
        perform badges_internal._write_awards(v_awards, 'rule');
    else
        v_awards := p_awards;
    end if;
    return p_candidates || (
        select array_agg(row(
            award.peer_mentor_id, award.org_id, award.badge_definition_id, award.earned_at,
            award.activity_id
        )::badges_internal.candidate)
        from unnest(v_awards) as award
        where award.earned_at is null
        or exists (
            select
            from unnest(p_candidates) as candidate
            where candidate.badge_definition_id = award.badge_definition_id
        )
    );
end;
$$;

comment on function badges_internal._award_late(
    badges_internal.late_activity, badges_internal.dated_award[], badges_internal.candidate[]
) is
'Awards what a late activity brings its person, dated; gives what needs the general way.';
