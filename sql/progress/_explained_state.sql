-- Gives what explain_badge tells of a badge and person in general: versions, denials, places.
create or replace function badges_internal._explained_state(
    p_peer_mentor_id uuid,
    p_definition badges.badge_definitions,
    p_org_id text
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_denials jsonb;
begin
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'tier', denial.tier, 'reason', denial.reason, 'denied_at', denial.denied_at,
                'denied_by', denial.denied_by
            )
            order by denial.tier
        ),
        '[]'
    )
    into v_denials
    from badges.badge_denials as denial
    where denial.peer_mentor_id = p_peer_mentor_id
    and denial.org_id = p_org_id
    and denial.badge_definition_id = p_definition.badge_definition_id;
    return jsonb_build_object(
        'badge_definition_id', p_definition.badge_definition_id,
        'org_id', p_org_id,
        'peer_mentor_id', p_peer_mentor_id,
        'criteria_type', p_definition.criteria_type,
        'on_unmet', p_definition.on_unmet,
        'rule_set', p_definition.rule_set,
        'rule_set_version', (
            select organization.rule_set_version
            from badges.organizations as organization
            where organization.org_id = p_org_id
        ),
        'evaluated_version', (
            select held.rule_set_version
            from badges.peer_mentor_stats as held
            where held.peer_mentor_id = p_peer_mentor_id
            and held.org_id = p_org_id
            and held.stat = '*'
            and held.bucket = ''
        ),
        'denied', v_denials <> '[]',
        'denials', v_denials,
        'places', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'tier', place.tier, 'places', place.places, 'claimed', place.claimed
                    )
                    order by place.tier
                ),
                '[]'
            )
            from badges_internal.badge_places as place
            where place.org_id = p_org_id
            and place.badge_definition_id = p_definition.badge_definition_id
        )
    );
end;
$$;

comment on function badges_internal._explained_state(uuid, badges.badge_definitions, text) is
'Gives what explain_badge tells of a badge and person in general: versions, denials, places.';
