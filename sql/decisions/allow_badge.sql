-- Ends a denial and evaluates the person's badge again.
--
-- Gives {"award": {..} or null, "changed": bool}: the award as it then stands, of several tiers or
-- occurrences the last; changed when there was a denial. Without p_tier every denial of the badge
-- ends. What a person revoked stays revoked until award_badge restores it. p_reason goes to the
-- server's log.
--
-- Locks:  the person's base row.
-- Writes: badges.badge_denials, badges.earned_badges, badges.award_events.
-- Raises: 23503 unknown organization, 22023 no reason, unknown badge or tier, MB002 for one tier of
--         a badge that is denied in every tier.
create or replace function badges.allow_badge(
    p_peer_mentor_id uuid,
    p_badge_definition_id text,
    p_org_id text,
    p_reason text,
    p_tier text default null
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_definition badges.badge_definitions;
    v_tier text;
    v_ended text[];
begin
    perform badges_internal._require_decision(p_peer_mentor_id, p_reason);
    perform badges_internal._hold_rules();
    v_definition := badges_internal._require_badge(p_badge_definition_id, p_org_id);
    v_tier := badges_internal._require_tier_or_all(v_definition, p_tier);
    perform badges_internal._lock_people(array[p_peer_mentor_id], array[p_org_id]);
    with ended as (
        delete from badges.badge_denials as denial
        where denial.peer_mentor_id = p_peer_mentor_id
        and denial.badge_definition_id = p_badge_definition_id
        and denial.org_id = p_org_id
        and denial.tier = coalesce(v_tier, denial.tier)
        returning denial.tier
    )
    select array_agg(ended.tier)
    into v_ended
    from ended;
    perform badges_internal._refuse_denied(
        p_peer_mentor_id, p_badge_definition_id, p_org_id, coalesce(v_tier, '')
    );
    if v_ended is not null then
        raise log 'badge allowed by hand: % to % in %: % (transaction %)',
            p_badge_definition_id, p_peer_mentor_id, p_org_id,
            badges_internal._quoted(p_reason), pg_current_xact_id();
        perform badges.evaluate_badges(p_peer_mentor_id, p_org_id);
    end if;
    return badges_internal._answer_by_hand(
        p_peer_mentor_id, p_badge_definition_id, p_org_id, v_tier, null, v_ended is not null
    );
end;
$$;

comment on function badges.allow_badge(uuid, text, text, text, text) is
'Ends a denial and evaluates the person''s badge again.';
