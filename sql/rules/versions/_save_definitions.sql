-- Writes the organizations, badge definitions and configurations of a validated rule set.
--
-- What the document no longer names stays and becomes inactive. The organizations' version is
-- moved later, by _replace_rules.
--
-- Writes: badges.organizations, badges.badge_definitions, badges.org_badge_configs.
-- Raises: 23505 when another rule set owns a slug, 22023 when a calendar would change.
create or replace function badges_internal._save_definitions(
    p_document jsonb,
    p_rule_set text,
    p_version integer
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_organizations constant jsonb := coalesce(p_document -> 'organizations', '{}');
    v_badges constant jsonb := coalesce(p_document -> 'badges', '{}');
begin
    perform badges_internal._refuse_foreign_slugs(p_document, p_rule_set);
    insert into badges.organizations as organization (
        org_id, name, time_zone, day_starts, week_starts, closed_days, rule_set, rule_set_version,
        is_active
    )
    select
        given.key, coalesce(given.value ->> 'name', given.key), calendar.*,
        array(select jsonb_array_elements_text(given.value -> 'closed_days')), p_rule_set,
        p_version, true
    from jsonb_each(v_organizations) as given
    cross join lateral jsonb_to_record(badges_internal._calendar(given.value))
        as calendar (time_zone text, day_starts time, week_starts text)
    on conflict (org_id) do update set
        name = excluded.name,
        time_zone = excluded.time_zone,
        day_starts = excluded.day_starts,
        week_starts = excluded.week_starts,
        closed_days = excluded.closed_days,
        rule_set = excluded.rule_set,
        is_active = true
    where row(
        organization.name, organization.time_zone, organization.day_starts,
        organization.week_starts, organization.closed_days, organization.rule_set,
        organization.is_active
    ) is distinct from row(
        excluded.name, excluded.time_zone, excluded.day_starts, excluded.week_starts,
        excluded.closed_days, excluded.rule_set, true
    );
    update badges.organizations as organization
    set is_active = false
    where organization.rule_set = p_rule_set
    and not v_organizations ? organization.org_id
    and organization.is_active;

    insert into badges.badge_definitions as definition (
        badge_definition_id, rule_set, name, description, translations, icon, category, is_hidden,
        is_active, on_unmet, place_limit, criteria_type, criteria
    )
    select
        given.key,
        p_rule_set,
        coalesce(badges_internal._localized(given.value -> 'name'), given.key),
        coalesce(badges_internal._localized(given.value -> 'description'), ''),
        jsonb_strip_nulls(jsonb_build_object(
            'name', case when jsonb_typeof(given.value -> 'name') = 'object'
                then given.value -> 'name' end,
            'description', case when jsonb_typeof(given.value -> 'description') = 'object'
                then given.value -> 'description' end
        )),
        given.value ->> 'icon',
        given.value ->> 'category',
        coalesce((given.value -> 'hidden')::boolean, false),
        coalesce((given.value -> 'active')::boolean, true),
        coalesce(given.value ->> 'on_unmet', 'keep'),
        (given.value -> 'limit' -> 'first')::integer,
        (given.value -> 'criteria' ->> 'type')::badges.criteria_type,
        given.value -> 'criteria'
    from jsonb_each(v_badges) as given
    on conflict (badge_definition_id) do update set
        rule_set = excluded.rule_set,
        name = excluded.name,
        description = excluded.description,
        translations = excluded.translations,
        icon = excluded.icon,
        category = excluded.category,
        is_hidden = excluded.is_hidden,
        is_active = excluded.is_active,
        on_unmet = excluded.on_unmet,
        place_limit = excluded.place_limit,
        criteria_type = excluded.criteria_type,
        criteria = excluded.criteria,
        criteria_version = definition.criteria_version
            + (definition.criteria <> excluded.criteria)::integer;
    update badges.badge_definitions as definition
    set is_active = false
    where definition.rule_set = p_rule_set
    and not v_badges ? definition.badge_definition_id
    and definition.is_active;

    delete from badges.org_badge_configs as config
    using badges.organizations as organization
    where organization.org_id = config.org_id
    and organization.rule_set = p_rule_set;
    insert into badges.org_badge_configs (
        org_id, badge_definition_id, is_enabled, custom_thresholds
    )
    select
        organization.key, badge.key,
        coalesce(organization.value -> 'badges' ? badge.key, true),
        organization.value -> 'custom_thresholds' -> badge.key
    from jsonb_each(v_organizations) as organization
    cross join jsonb_each(v_badges) as badge;
end;
$$;

comment on function badges_internal._save_definitions(jsonb, text, integer) is
'Writes the organizations, badge definitions and configurations of a validated rule set.';
