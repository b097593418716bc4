-- Explains why a person has a badge, or why not yet.
--
-- Gives {"badge_definition_id", "name", "org_id", "peer_mentor_id", "criteria_type", "rule_set",
-- "rule_set_version", "verdict", "why_not", "awards": [..], "denied", "groups": [{"node",
-- "parent", "kind", "required", "path"}], "conditions": [{"node", "parent", "tier", "occurrence",
-- "path", "measure", "selector", "value", "target", "remaining", "verdict", "came_true_at",
-- "activity_id", "threshold_source"}]}. verdict: earned, partly earned (some tiers) or not
-- earned. Of a repeated badge the occurrences after the next are left out.
--
-- Raises: 23503 unknown organization, 22023 unknown badge.
create or replace function badges.explain_badge(
    p_peer_mentor_id uuid,
    p_badge_definition_id text,
    p_org_id text
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
    v_is_on boolean;
    v_conditions jsonb;
    v_groups jsonb;
    v_awards jsonb;
    v_is_denied boolean;
    v_held bigint;
    v_roots bigint;
begin
    select config.is_enabled and v_definition.is_active
    into v_is_on
    from badges.org_badge_configs as config
    where config.org_id = p_org_id
    and config.badge_definition_id = p_badge_definition_id;
    select
        coalesce(jsonb_agg(
            jsonb_build_object(
                'node', condition.node, 'parent', condition.parent, 'tier', condition.tier,
                'occurrence', condition.occurrence, 'path', condition.path,
                'measure', condition.measure, 'selector', condition.selector,
                'value', condition.value, 'target', condition.target,
                'remaining', greatest(condition.target - condition.value, 0),
                'verdict', case when condition.is_met then 'met' else 'not met' end,
                'came_true_at', condition.came_true_at, 'activity_id', condition.activity_id,
                'threshold_source', condition.threshold_source
            )
            order by condition.node, condition.target
        ) filter (where condition.is_met or condition.occurrence = condition.next_one), '[]'),
        count(distinct (condition.tier, condition.occurrence))
    into v_conditions, v_roots
    from (
        select
            measured.*,
            min(measured.occurrence) filter (where not measured.is_met)
                over (partition by measured.node, measured.tier) as next_one
        from badges_internal._badge_conditions(
            p_peer_mentor_id, p_badge_definition_id, p_org_id,
            badges_internal._local_day(p_org_id, clock_timestamp())
        ) as measured
    ) as condition;
    select coalesce(jsonb_agg(
        jsonb_build_object(
            'node', grouped.node, 'parent', grouped.parent, 'kind', grouped.kind,
            'required', grouped.required, 'path', grouped.path
        )
        order by grouped.node
    ), '[]')
    into v_groups
    from badges_internal.condition_groups as grouped
    where grouped.org_id = p_org_id
    and grouped.badge_definition_id = p_badge_definition_id;
    select
        coalesce(jsonb_agg(
            to_jsonb(earned)
                || jsonb_build_object(
                    'name', badges_internal._award_name(v_definition, earned.tier)
                )
            order by earned.earned_at, earned.tier, earned.occurrence
        ), '[]'),
        count(*) filter (where earned.revoked_at is null)
    into v_awards, v_held
    from badges.earned_badges as earned
    where earned.peer_mentor_id = p_peer_mentor_id
    and earned.org_id = p_org_id
    and earned.badge_definition_id = p_badge_definition_id;
    v_is_denied := exists (
        select
        from badges.badge_denials as denial
        where denial.peer_mentor_id = p_peer_mentor_id
        and denial.org_id = p_org_id
        and denial.badge_definition_id = p_badge_definition_id
    );
    return jsonb_build_object(
        'badge_definition_id', p_badge_definition_id,
        'name', v_definition.name,
        'org_id', p_org_id,
        'peer_mentor_id', p_peer_mentor_id,
        'criteria_type', v_definition.criteria_type,
        'rule_set', v_definition.rule_set,
        'rule_set_version', (
            select organization.rule_set_version
            from badges.organizations as organization
            where organization.org_id = p_org_id
        ),
        'verdict', case
            when v_held >= greatest(v_roots, 1) then 'earned'
            when v_held > 0 then 'partly earned'
            else 'not earned'
        end,
        'why_not', case
            when v_held >= greatest(v_roots, 1) then null
            when not coalesce(v_is_on, false) then 'the badge is not enabled in this organization'
            when v_is_denied then 'the badge is denied to this person'
            when jsonb_array_length(v_awards) > v_held then 'the award was revoked'
            when v_definition.criteria_type = 'manual' then 'the badge is awarded by hand'
            when v_definition.criteria_type = 'criteria_raw'
                and not badges_internal._is_setting_on('criteria_raw')
                then 'raw criteria are switched off'
            else 'a condition is not met'
        end,
        'denied', v_is_denied,
        'awards', v_awards,
        'groups', v_groups,
        'conditions', v_conditions
    );
end;
$$;

comment on function badges.explain_badge(uuid, text, text) is
'Explains why a person has a badge, or why not yet.';
