-- Moves earned_at of held awards back where these late activities made their rules true earlier.
--
-- Only what a late activity is part of can come true earlier: awards dated after it, over stats
-- that chose it, of parts it lies in. Simple badges are dated by a look around the award or the
-- activity. Composed ones, and what falls, goes over elements or rolls, are dated anew where a
-- condition may have come true before the award.
--
-- p_late: all of the statement; they are in the table and in the snapshot. The caller holds the
-- base rows.
--
-- Writes: badges.earned_badges, badges.award_events (redated).
create or replace function badges_internal._redate_late(
    p_late badges_internal.late_activity[]
)
returns void
language plpgsql
volatile
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
    v_person uuid;
    v_org_id text;
    v_late badges_internal.late_activity[];
    v_earlier badges_internal.condition_state[];
    v_state badges_internal.condition_state;
    v_source text;
    v_held badges_internal.candidate[];
    v_moved badges_internal.candidate[];
begin
    for v_person, v_org_id, v_late in
        select
            late.peer_mentor_id, late.org_id,
            array_agg(late order by late.occurred_at, late.activity_id)
        from unnest(p_late) as late
        group by late.peer_mentor_id, late.org_id
    loop
        v_earlier := badges_internal._earlier_states(v_person, v_org_id, v_late);
        continue when v_earlier is null;
        foreach v_state in array v_earlier loop
            if v_state.parent is not null or v_state.came_true_at is null then
                v_held := v_held || row(
                    v_person, v_org_id, v_state.badge_definition_id, null, null
                )::badges_internal.candidate;
                continue;
            end if;
            update badges.earned_badges as earned
            set earned_at = v_state.came_true_at, activity_id = v_state.activity_id
            where earned.peer_mentor_id = v_person
            and earned.badge_definition_id = v_state.badge_definition_id
            and earned.org_id = v_org_id
            and earned.tier = v_state.tier
            and earned.occurrence = v_state.occurrence
            returning earned.source
            into v_source;
            insert into badges.award_events (
                peer_mentor_id, org_id, badge_definition_id, tier, occurrence, event_type,
                source, is_delivered_by_default, transaction_id, created_at, details
            )
            values (
                v_person, v_org_id, v_state.badge_definition_id, v_state.tier,
                v_state.occurrence, 'redated', v_source, false, pg_current_xact_id(),
                clock_timestamp(), jsonb_build_object('earned_at', v_state.came_true_at)
            );
            v_moved := v_moved || row(
                v_person, v_org_id, v_state.badge_definition_id, v_state.came_true_at, null
            )::badges_internal.candidate;
        end loop;
    end loop;
    if v_held is not null or v_moved is not null then
        perform badges_internal._redate_badges(v_held, v_moved);
    end if;
end;
$$;

comment on function badges_internal._redate_late(badges_internal.late_activity[]) is
'Moves earned_at of held awards back where these late activities made their rules true earlier.';
