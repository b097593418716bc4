-- Awards a badge by hand; a revoked award is restored.
--
-- Gives {"award": {..}, "changed": bool}: the award row, new or existing. A restored award keeps
-- its date, unless activities that came meanwhile give an earlier one, and its origin, unless its
-- rule is one that takes back and does not hold: then it counts as awarded by hand from now on, and
-- no rule takes it back. Badges that count badges follow.
--
-- Locks:  the person's base row.
-- Writes: badges.earned_badges, badges.award_events.
-- Raises: 23503 unknown organization, 22023 no reason, unknown badge or tier, MB002 a denied badge.
create or replace function badges.award_badge(
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
    v_now constant timestamptz := clock_timestamp();
    v_awards badges.earned_badges[];
    v_event text := 'awarded';
begin
    perform badges_internal._require_decision(p_peer_mentor_id, p_reason);
    perform badges_internal._hold_rules();
    v_definition := badges_internal._require_badge(p_badge_definition_id, p_org_id);
    v_tier := badges_internal._require_tier(v_definition, p_tier);
    perform badges_internal._lock_people(array[p_peer_mentor_id], array[p_org_id]);
    perform badges_internal._refuse_denied(
        p_peer_mentor_id, p_badge_definition_id, p_org_id, v_tier
    );
    with made as (
        insert into badges.earned_badges (
            peer_mentor_id, badge_definition_id, org_id, tier, occurrence, earned_at, granted_at,
            rule_set, rule_set_version, idempotency_key, source
        )
        select
            p_peer_mentor_id, p_badge_definition_id, p_org_id, v_tier, 1, v_now, v_now,
            organization.rule_set, organization.rule_set_version,
            badges.derive_idempotency_key(
                p_peer_mentor_id, p_badge_definition_id, p_org_id, v_tier, 1
            ),
            'manual'
        from badges.organizations as organization
        where organization.org_id = p_org_id
        on conflict (peer_mentor_id, badge_definition_id, org_id, tier, occurrence) do nothing
        returning *
    )
    select array_agg(row(made.*)::badges.earned_badges)
    into v_awards
    from made;
    if v_awards is null then
        v_event := 'restored';
        v_awards := badges_internal._restore_by_hand(
            p_peer_mentor_id, p_badge_definition_id, p_org_id, v_tier
        );
    end if;
    perform badges_internal._tell_by_hand(v_awards, v_event, p_reason);
    if v_event = 'restored' and v_awards is not null then
        -- No late activity has moved it meanwhile.
        perform badges_internal._redate_badges(array[
            row(p_peer_mentor_id, p_org_id, p_badge_definition_id, null, null)
                ::badges_internal.candidate
        ]);
    end if;
    return badges_internal._answer_by_hand(
        p_peer_mentor_id, p_badge_definition_id, p_org_id, v_tier, 1, v_awards is not null
    );
end;
$$;

comment on function badges.award_badge(uuid, text, text, text, text) is
'Awards a badge by hand; a revoked award is restored.';
