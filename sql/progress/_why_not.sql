-- Tells why a badge, of one tier and occurrence, is not held: {"code", "text"}.
--
-- p_is_met: its rule holds; p_is_due: it waits for the day that has come to be passed.
create or replace function badges_internal._why_not(
    p_peer_mentor_id uuid,
    p_definition badges.badge_definitions,
    p_org_id text,
    p_tier text,
    p_occurrence integer,
    p_is_met boolean,
    p_is_due boolean,
    p_language text
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_organization badges.organizations;
    v_places badges_internal.badge_places;
    v_revoked_by text;
    v_code text;
begin
    select organization.*
    into v_organization
    from badges.organizations as organization
    where organization.org_id = p_org_id;
    select place.*
    into v_places
    from badges_internal.badge_places as place
    where place.org_id = p_org_id
    and place.badge_definition_id = p_definition.badge_definition_id
    and place.tier = p_tier;
    select earned.revoked_by
    into v_revoked_by
    from badges.earned_badges as earned
    where earned.peer_mentor_id = p_peer_mentor_id
    and earned.badge_definition_id = p_definition.badge_definition_id
    and earned.org_id = p_org_id
    and earned.tier = p_tier
    and earned.occurrence = p_occurrence;
    v_code := case
        when not v_organization.is_active then 'organization_inactive'
        when not p_definition.is_active then 'badge_inactive'
        when not exists (
            select
            from badges.org_badge_configs as config
            where config.org_id = p_org_id
            and config.badge_definition_id = p_definition.badge_definition_id
            and config.is_enabled
        ) then 'badge_disabled'
        when exists (
            select
            from badges.badge_denials as denial
            where denial.peer_mentor_id = p_peer_mentor_id
            and denial.badge_definition_id = p_definition.badge_definition_id
            and denial.org_id = p_org_id
            and denial.tier in ('', p_tier)
        ) then 'denied'
        when v_revoked_by = 'person' then 'revoked_by_person'
        when p_definition.criteria_type = 'manual' then 'manual'
        when p_definition.criteria_type = 'criteria_raw'
            and not badges_internal._is_setting_on('criteria_raw') then 'raw_switched_off'
        when v_revoked_by is not null and not p_is_met and p_definition.on_unmet = 'lapse'
            then 'lapsed'
        when v_revoked_by is not null and not p_is_met then 'revoked_by_rule'
        when v_revoked_by is null and v_places.claimed >= v_places.places then 'no_place_left'
        when p_is_met then 'not_evaluated'
        when p_is_due then 'due'
        else 'condition_not_met'
    end;
    return jsonb_build_object('code', v_code, 'text', badges_internal._told_text(
        'why_not.' || v_code, p_language,
        jsonb_build_object('claimed', v_places.claimed, 'places', v_places.places)
    ));
end;
$$;

comment on function badges_internal._why_not(
    uuid, badges.badge_definitions, text, text, integer, boolean, boolean, text
) is
'Tells why a badge, of one tier and occurrence, is not held: {"code", "text"}.';
