-- Moves awards to earlier moments, each with its event. Gives their badges, with the moments.
--
-- The caller holds the base rows, and knows that the awards stand and are dated later.
--
-- Writes: badges.earned_badges, badges.award_events (redated).
create or replace function badges_internal._move_awards(p_awards badges_internal.dated_award[])
returns badges_internal.candidate[]
language plpgsql
volatile
set enable_mergejoin = off
set enable_seqscan = off
as $$
declare
    v_award badges_internal.dated_award;
    v_moved badges_internal.candidate[];
begin
    with moved as (
        update badges.earned_badges as earned
        set earned_at = award.earned_at, activity_id = award.activity_id
        from unnest(p_awards) as award
        where earned.peer_mentor_id = award.peer_mentor_id
        and earned.badge_definition_id = award.badge_definition_id
        and earned.org_id = award.org_id
        and earned.tier = award.tier
        and earned.occurrence = award.occurrence
        returning
            earned.peer_mentor_id, earned.org_id, earned.badge_definition_id, earned.tier,
            earned.occurrence, earned.source, earned.earned_at
    )
    insert into badges.award_events (
        peer_mentor_id, org_id, badge_definition_id, tier, occurrence, event_type,
        source, is_delivered_by_default, transaction_id, created_at, details
    )
    select
        peer_mentor_id, org_id, badge_definition_id, tier, occurrence, 'redated', source,
        false, pg_current_xact_id(), clock_timestamp(),
        jsonb_build_object('earned_at', earned_at)
    from moved;
    foreach v_award in array p_awards loop
        v_moved := v_moved || row(v_award.peer_mentor_id, v_award.org_id,
            v_award.badge_definition_id, v_award.earned_at, null)::badges_internal.candidate;
    end loop;
    return v_moved;
end;
$$;

comment on function badges_internal._move_awards(badges_internal.dated_award[]) is
'Moves awards to earlier moments, each with its event.';
