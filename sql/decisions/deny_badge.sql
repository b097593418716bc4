-- Denies a badge to a person: nothing awards it until allow_badge, and what is held is taken back.
--
-- Gives {"award": {..} or null, "changed": bool}: the award it took back, else the one that stands,
-- of several tiers or occurrences the last; changed when the denial is new or an award was taken
-- back. Without p_tier every tier and occurrence is meant. Badges that count badges follow.
--
-- Locks:  the person's base row.
-- Writes: badges.badge_denials, badges.earned_badges, badges.award_events.
-- Raises: 23503 unknown organization, 22023 no reason, unknown badge or tier.
create or replace function badges.deny_badge(
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
    v_is_new boolean;
begin
    perform badges_internal._require_decision(p_peer_mentor_id, p_reason);
    perform badges_internal._hold_rules();
    v_definition := badges_internal._require_badge(p_badge_definition_id, p_org_id);
    v_tier := badges_internal._require_tier_or_all(v_definition, p_tier);
    perform badges_internal._lock_people(array[p_peer_mentor_id], array[p_org_id]);
    insert into badges.badge_denials (
        peer_mentor_id, badge_definition_id, org_id, tier, reason, denied_at, denied_by
    )
    values (
        p_peer_mentor_id, p_badge_definition_id, p_org_id, coalesce(v_tier, ''), p_reason,
        clock_timestamp(), session_user
    )
    on conflict (peer_mentor_id, badge_definition_id, org_id, tier) do nothing
    returning true into v_is_new;
    v_awards := badges_internal._revoke_by_hand(
        p_peer_mentor_id, p_badge_definition_id, p_org_id, v_tier, null, p_reason
    );
    perform badges_internal._tell_by_hand(v_awards, 'revoked', p_reason);
    if v_is_new and v_awards is null then
        -- It may have lapsed: what counts it and lapses counts it no longer for the past either.
        perform badges_internal._evaluate_people(
            array[p_peer_mentor_id], array[p_org_id],
            badges_internal._counting_badges(array[
                row(p_peer_mentor_id, p_org_id, p_badge_definition_id, null, null)
                    ::badges_internal.candidate
            ]),
            null, array[p_peer_mentor_id], array[p_org_id], 'rule'
        );
    end if;
    return badges_internal._answer_by_hand(
        p_peer_mentor_id, p_badge_definition_id, p_org_id, v_tier, null,
        v_is_new is not null or v_awards is not null
    );
end;
$$;

comment on function badges.deny_badge(uuid, text, text, text, text) is
'Denies a badge to a person: nothing awards it until allow_badge, and what is held is taken back.';
