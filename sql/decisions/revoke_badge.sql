-- Takes an award back by hand; no evaluation gives it again.
--
-- Gives {"award": {..} or null, "changed": bool}. Without p_tier a badge without tiers is meant;
-- the first occurrence of a repeated badge. A tier that the rule set has dropped may be taken back
-- from who has it. Badges that count badges follow.
--
-- Locks:  the person's base row.
-- Writes: badges.earned_badges, badges.award_events.
-- Raises: 23503 unknown organization, 22023 no reason, unknown badge or tier.
create or replace function badges.revoke_badge(
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
    v_awards badges.earned_badges[];
begin
    perform badges_internal._require_decision(p_peer_mentor_id, p_reason);
    perform badges_internal._hold_rules();
    v_definition := badges_internal._require_badge(p_badge_definition_id, p_org_id);
    perform badges_internal._lock_people(array[p_peer_mentor_id], array[p_org_id]);
    v_tier := coalesce(p_tier, '');
    if not exists (
        select
        from badges.earned_badges as earned
        where earned.peer_mentor_id = p_peer_mentor_id
        and earned.badge_definition_id = p_badge_definition_id
        and earned.org_id = p_org_id
        and earned.tier = v_tier
    ) then
        v_tier := badges_internal._require_tier(v_definition, p_tier);
    end if;
    v_awards := badges_internal._revoke_by_hand(
        p_peer_mentor_id, p_badge_definition_id, p_org_id, v_tier, 1, p_reason
    );
    perform badges_internal._tell_by_hand(v_awards, 'revoked', p_reason);
    return badges_internal._answer_by_hand(
        p_peer_mentor_id, p_badge_definition_id, p_org_id, v_tier, 1, v_awards is not null
    );
end;
$$;

comment on function badges.revoke_badge(uuid, text, text, text, text) is
'Takes an award back by hand; no evaluation gives it again.';
