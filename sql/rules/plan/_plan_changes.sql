-- Lists how a document differs from the one it would replace, as people would put it.
--
-- Each change is an object: change (its kind) and what it is about. Thresholds are compared as the
-- organizations have them, with the source of each: default or organization.
create or replace function badges_internal._plan_changes(p_old jsonb, p_new jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        with organizations as (
            select
                coalesce(old.key, new.key) as org_id, old.value as old, new.value as new
            from jsonb_each(coalesce(p_old -> 'organizations', '{}')) as old
            full join jsonb_each(coalesce(p_new -> 'organizations', '{}')) as new using (key)
        ),
        badges as materialized (
            select
                coalesce(old.key, new.key) as badge_definition_id, old.value as old,
                new.value as new
            from jsonb_each(coalesce(p_old -> 'badges', '{}')) as old
            full join jsonb_each(coalesce(p_new -> 'badges', '{}')) as new using (key)
        ),
        -- A badge where it is enabled, and what it asks there.
        places as materialized (
            select
                organizations.org_id, badges.badge_definition_id,
                organizations.old is not null and badges.old is not null as was_there,
                coalesce((badges.old -> 'active')::boolean, badges.old is not null)
                    and coalesce(
                        organizations.old -> 'badges' ? badges.badge_definition_id,
                        organizations.old is not null
                    ) as was_enabled,
                organizations.new is not null and badges.new is not null as is_there,
                coalesce((badges.new -> 'active')::boolean, badges.new is not null)
                    and coalesce(
                        organizations.new -> 'badges' ? badges.badge_definition_id,
                        organizations.new is not null
                    ) as is_enabled
            from organizations
            cross join badges
        ),
        old_targets as materialized (
            select compiled.*
            from badges_internal._plan_compiled(p_old) as compiled
            where compiled.threshold is not null
            and compiled.occurrence = 1
        ),
        new_targets as materialized (
            select compiled.*
            from badges_internal._plan_compiled(p_new) as compiled
            where compiled.threshold is not null
            and compiled.occurrence = 1
        ),
        thresholds as (
            select
                new.badge_definition_id, new.tier, new.path, old.asked as old,
                new.asked as new, old.threshold_source as old_source,
                new.threshold_source as new_source,
                array_agg(new.org_id order by new.org_id) as org_ids
            from old_targets as old
            join new_targets as new
                on new.org_id = old.org_id
                and new.badge_definition_id = old.badge_definition_id
                and new.tier = old.tier
                and new.node = old.node
                and new.kind = old.kind
            where (old.asked, old.threshold_source) <> (new.asked, new.threshold_source)
            group by
                new.badge_definition_id, new.tier, new.path, old.asked, new.asked,
                old.threshold_source, new.threshold_source
        ),
        tiers as (
            select
                badges.badge_definition_id, tiered.tier, tiered.is_old, tiered.at_least
            from badges
            cross join lateral (
                select
                    coalesce(old.tier ->> 'tier', new.tier ->> 'tier') as tier,
                    old.tier is not null as is_old,
                    coalesce(
                        old.tier -> 'at_least', old.tier -> 'length', new.tier -> 'at_least',
                        new.tier -> 'length'
                    ) as at_least
                from jsonb_array_elements(badges.old #> '{criteria,tiers}') as old (tier)
                full join jsonb_array_elements(badges.new #> '{criteria,tiers}') as new (tier)
                    on new.tier -> 'tier' = old.tier -> 'tier'
                where old.tier is null
                or new.tier is null
            ) as tiered
            where badges.old #> '{criteria,tiers}' is not null
            and badges.new #> '{criteria,tiers}' is not null
        ),
        found (place, slug, change) as (
            select 1, organizations.org_id, jsonb_build_object(
                'change', case when organizations.old is null then 'organization added'
                    else 'organization dropped' end,
                'org_id', organizations.org_id
            )
            from organizations
            where (organizations.old is null) <> (organizations.new is null)
            union all
            select 2, organizations.org_id, jsonb_build_object(
                'change', 'organization changed', 'org_id', organizations.org_id, 'key', name,
                'old', organizations.old -> name, 'new', organizations.new -> name
            )
            from organizations
            cross join unnest('{name,time_zone,day_starts,week_starts,closed_days}'::text[]) as name
            where organizations.old is not null
            and organizations.new is not null
            and organizations.old -> name is distinct from organizations.new -> name
            union all
            select 3, badges.badge_definition_id, jsonb_build_object(
                'change', case when badges.old is null then 'badge added' else 'badge dropped' end,
                'badge_definition_id', badges.badge_definition_id
            )
            from badges
            where (badges.old is null) <> (badges.new is null)
            union all
            select 4, places.badge_definition_id, jsonb_build_object(
                'change', case when places.is_enabled then 'enabled' else 'disabled' end,
                'badge_definition_id', places.badge_definition_id,
                'org_ids', jsonb_agg(places.org_id order by places.org_id)
            )
            from places
            where places.was_there
            and places.is_there
            and places.was_enabled <> places.is_enabled
            group by places.badge_definition_id, places.is_enabled
            union all
            -- The rule apart from its numbers.
            select 5, badges.badge_definition_id, jsonb_build_object(
                'change', 'criteria changed',
                'badge_definition_id', badges.badge_definition_id,
                'old', badges.old -> 'criteria', 'new', badges.new -> 'criteria'
            )
            from badges
            where badges.old -> 'criteria' <> badges.new -> 'criteria'
            and badges_internal._criteria_shape(badges.old -> 'criteria')
                <> badges_internal._criteria_shape(badges.new -> 'criteria')
            union all
            select 6, tiers.badge_definition_id, jsonb_build_object(
                'change', case when tiers.is_old then 'tier removed' else 'tier added' end,
                'badge_definition_id', tiers.badge_definition_id,
                'tier', tiers.tier, case when tiers.is_old then 'old' else 'new' end,
                tiers.at_least
            )
            from tiers
            union all
            select 7, thresholds.badge_definition_id, jsonb_build_object(
                'change', 'threshold changed',
                'badge_definition_id', thresholds.badge_definition_id,
                'tier', thresholds.tier, 'path', thresholds.path,
                'org_ids', to_jsonb(thresholds.org_ids),
                'old', thresholds.old, 'old_source', thresholds.old_source,
                'new', thresholds.new, 'new_source', thresholds.new_source
            )
            from thresholds
            union all
            select 8, badges.badge_definition_id, jsonb_build_object(
                'change', 'setting changed', 'badge_definition_id', badges.badge_definition_id,
                'key', key.name, 'old', badges.old -> key.name, 'new', badges.new -> key.name
            )
            from badges
            cross join (values ('on_unmet'), ('limit'), ('category'), ('hidden')) as key (name)
            where badges.old is not null
            and badges.new is not null
            and badges.old -> key.name is distinct from badges.new -> key.name
            union all
            select 9, badges.badge_definition_id, jsonb_build_object(
                'change', 'texts changed', 'badge_definition_id', badges.badge_definition_id,
                'keys', jsonb_agg(key.name order by key.name)
            )
            from badges
            cross join (values ('name'), ('description'), ('icon'), ('tiers')) as key (name)
            where badges.old is not null
            and badges.new is not null
            and case
                when key.name = 'tiers' then exists (
                    select
                    from jsonb_array_elements(badges.old #> '{criteria,tiers}') as old (tier)
                    join jsonb_array_elements(badges.new #> '{criteria,tiers}') as new (tier)
                        on new.tier -> 'tier' = old.tier -> 'tier'
                    where old.tier -> 'name' is distinct from new.tier -> 'name'
                )
                else badges.old -> key.name is distinct from badges.new -> key.name
            end
            group by badges.badge_definition_id
            union all
            select 10, '', jsonb_build_object(
                'change', 'activity types changed',
                'old', p_old -> 'activity_types', 'new', p_new -> 'activity_types'
            )
            where p_old -> 'activity_types' is distinct from p_new -> 'activity_types'
            and p_old is not null
        )
        select coalesce(
            jsonb_agg(
                jsonb_strip_nulls(found.change)
                order by found.place, found.slug, found.change
            ),
            '[]'
        )
        from found
    );
end;
$$;

comment on function badges_internal._plan_changes(jsonb, jsonb) is
'Lists how a document differs from the one it would replace, as people would put it.';
