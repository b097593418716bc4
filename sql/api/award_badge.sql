-- Awards a badge by hand; a revoked award is restored.
--
-- Gives {"award": {..}, "changed": bool}: the award row, new or existing. Badges that count badges
-- follow.
--
-- Locks:  the person's base row.
-- Writes: badges.earned_badges, badges.award_events.
-- Raises: 23503 unknown organization, 22023 unknown badge or tier, MB002 a denied badge.
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
    v_definition constant badges.badge_definitions
        := badges_internal._require_badge(p_badge_definition_id, p_org_id);
    v_tier constant text := badges_internal._require_tier(v_definition, p_tier);
    v_now constant timestamptz := clock_timestamp();
    v_award badges.earned_badges;
    v_event text := 'awarded';
begin
    perform badges_internal._lock_people(array[p_peer_mentor_id], array[p_org_id]);
    if exists (
        select
        from badges.badge_denials as denial
        where denial.peer_mentor_id = p_peer_mentor_id
        and denial.badge_definition_id = p_badge_definition_id
        and denial.org_id = p_org_id
        and denial.tier in ('', v_tier)
    ) then
        raise exception 'badge "%" is denied to %', p_badge_definition_id, p_peer_mentor_id
        using errcode = 'MB002', table = 'badge_denials', hint = 'Allow the badge first.';
    end if;
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
    returning * into v_award;
    if v_award.peer_mentor_id is null then
        v_event := 'restored';
        update badges.earned_badges as earned
        set revoked_at = null, revoked_by = null, revoke_reason = null
        where earned.peer_mentor_id = p_peer_mentor_id
        and earned.badge_definition_id = p_badge_definition_id
        and earned.org_id = p_org_id
        and earned.tier = v_tier
        and earned.occurrence = 1
        and earned.revoked_at is not null
        returning * into v_award;
    end if;
    return badges_internal._tell_by_hand(
        v_award, p_peer_mentor_id, p_badge_definition_id, p_org_id, v_tier, v_event, p_reason
    );
end;
$$;

comment on function badges.award_badge(uuid, text, text, text, text) is
'Awards a badge by hand; a revoked award is restored.';
