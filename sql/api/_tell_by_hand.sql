-- Tells a change made by hand and gives the award as callers get it.
--
-- p_changed: the row that changed, null where nothing did. Badges that count badges follow.
--
-- Writes: badges.award_events, badges.earned_badges, the server's log.
create or replace function badges_internal._tell_by_hand(
    p_changed badges.earned_badges,
    p_peer_mentor_id uuid,
    p_badge_definition_id text,
    p_org_id text,
    p_tier text,
    p_event text,
    p_reason text
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_award jsonb;
begin
    if p_changed.peer_mentor_id is not null then
        insert into badges.award_events (
            peer_mentor_id, org_id, badge_definition_id, tier, occurrence, event_type, source,
            is_delivered_by_default, transaction_id, created_at, details
        )
        values (
            p_peer_mentor_id, p_org_id, p_badge_definition_id, p_tier, 1, p_event, 'manual', true,
            pg_current_xact_id(), clock_timestamp(),
            jsonb_build_object(
                'earned_at', p_changed.earned_at, 'reason', p_reason, 'by', session_user
            )
        );
        raise log 'badge % by hand: % to % in % (transaction %)',
            p_event, p_badge_definition_id, p_peer_mentor_id, p_org_id, pg_current_xact_id();
        perform badges.apply_badge_rules(badges_internal._counting_badges(array[
            row(p_peer_mentor_id, p_org_id, p_badge_definition_id, null, null)
                ::badges_internal.candidate
        ]));
    end if;
    select to_jsonb(earned)
    into v_award
    from badges.earned_badges as earned
    where earned.peer_mentor_id = p_peer_mentor_id
    and earned.badge_definition_id = p_badge_definition_id
    and earned.org_id = p_org_id
    and earned.tier = p_tier
    and earned.occurrence = 1;
    return jsonb_build_object(
        'award', v_award,
        'changed', p_changed.peer_mentor_id is not null
    );
end;
$$;

comment on function badges_internal._tell_by_hand(
    badges.earned_badges, uuid, text, text, text, text, text
) is
'Tells a change made by hand and gives the award as callers get it.';
