-- Compiles the rules of organizations and writes what changed, marked with a version.
--
-- A condition that is as it was keeps its since_version: nobody need be evaluated for it again.
--
-- A stat of which other numbers are asked than before, or none any more, is noted with the version.
-- Nothing is hashed: estimates multiply all that rules may list, and a table for so many rows takes
-- a second to make.
--
-- Writes: badges_internal.milestones, condition_groups, stat_definitions, stat_changes.
create or replace function badges_internal._save_compiled(p_org_ids text[], p_version integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_hashjoin = off
as $$
begin
    with compiled as materialized (
        select
            config.org_id, config.badge_definition_id, config.rule_set, row_of.*,
            case when row_of.selector is not null
                then badges_internal._stat_name(row_of.selector) end as stat
        from (
            select config.*, badge.criteria, badge.on_unmet, here.closed_days, here.rule_set
            from badges.org_badge_configs as config
            join badges.organizations as here using (org_id)
            join badges.badge_definitions as badge using (badge_definition_id)
            where config.org_id = any(p_org_ids)
            and config.is_enabled
            and here.is_active and badge.is_active
            offset 0 -- Each is compiled once: in line, it could be before all are joined.
        ) as config
        cross join lateral badges_internal._compile_badge(
            config.criteria, config.custom_thresholds, config.on_unmet, config.closed_days
        ) as row_of
    ),
    structures as (
        select
            org_id, badge_definition_id,
            md5(jsonb_agg(jsonb_build_array(
                node, parent, required, stat, measure, threshold, duration, badge_ids,
                badge_category
            ) order by node)::text) as structure
        from compiled
        group by org_id, badge_definition_id
        having bool_or(required is not null)
    ),
    milestones as (
        insert into badges_internal.milestones as milestone (
            org_id, badge_definition_id, tier, occurrence, node, parent, stat, measure, threshold,
            threshold_source, duration, badge_ids, badge_category, expression, path, lapse_measure,
            last_days, structure, since_version, rule_set, rule_set_version
        )
        select
            compiled.org_id, compiled.badge_definition_id, compiled.tier, compiled.occurrence,
            compiled.node, compiled.parent, compiled.stat, compiled.measure, compiled.threshold,
            compiled.threshold_source, compiled.duration, compiled.badge_ids,
            compiled.badge_category, compiled.expression, compiled.path, compiled.lapse_measure,
            compiled.last_days, structures.structure, p_version, compiled.rule_set, p_version
        from compiled
        left join structures using (org_id, badge_definition_id)
        where compiled.required is null
        on conflict (org_id, badge_definition_id, tier, occurrence, node) do update set
            (
                parent, stat, measure, threshold, threshold_source, duration, badge_ids,
                badge_category, expression, path, lapse_measure, last_days, structure,
                rule_set_version
            ) = row(
                excluded.parent, excluded.stat, excluded.measure, excluded.threshold,
                excluded.threshold_source, excluded.duration, excluded.badge_ids,
                excluded.badge_category, excluded.expression, excluded.path, excluded.lapse_measure,
                excluded.last_days, excluded.structure, p_version
            ),
            since_version = case
                when row(
                    milestone.stat, milestone.measure, milestone.threshold, milestone.duration,
                    milestone.badge_ids, milestone.badge_category, milestone.expression,
                    milestone.lapse_measure, milestone.last_days, milestone.structure
                ) is not distinct from row(
                    excluded.stat, excluded.measure, excluded.threshold, excluded.duration,
                    excluded.badge_ids, excluded.badge_category, excluded.expression,
                    excluded.lapse_measure, excluded.last_days, excluded.structure
                ) then milestone.since_version
                else excluded.since_version
            end
    ),
    asked as (
        select org_id, stat, measure, threshold
        from compiled
        where required is null and stat is not null
    ),
    asked_before as (
        select org_id, stat, measure, threshold
        from badges_internal.milestones
        where org_id = any(p_org_ids)
        and stat is not null
    ),
    changes as (
        insert into badges_internal.stat_changes (org_id, stat, first_version, version)
        select org_id, stat, p_version, p_version
        from (
            (select * from asked except select * from asked_before)
            union all
            (select * from asked_before except select * from asked)
        ) as differing
        group by org_id, stat
        on conflict (org_id, stat) do update set version = excluded.version
    ),
    dropped_milestones as (
        delete from badges_internal.milestones as milestone
        where milestone.org_id = any(p_org_ids)
        and not exists (
            select from compiled
            where compiled.org_id = milestone.org_id
            and compiled.badge_definition_id = milestone.badge_definition_id
            and compiled.tier = milestone.tier
            and compiled.occurrence = milestone.occurrence
            and compiled.node = milestone.node
            and compiled.required is null
        )
    ),
    groups as (
        insert into badges_internal.condition_groups (
            org_id, badge_definition_id, node, parent, depth, kind, required, path
        )
        select org_id, badge_definition_id, node, parent, depth, kind, required, path
        from compiled
        where required is not null
        on conflict (org_id, badge_definition_id, node) do update set
            parent = excluded.parent,
            depth = excluded.depth,
            kind = excluded.kind,
            required = excluded.required,
            path = excluded.path
    ),
    dropped_groups as (
        delete from badges_internal.condition_groups as grouped
        where grouped.org_id = any(p_org_ids)
        and not exists (
            select from compiled
            where compiled.org_id = grouped.org_id
            and compiled.badge_definition_id = grouped.badge_definition_id
            and compiled.node = grouped.node
            and compiled.required is not null
        )
    ),
    watched as (
        select
            org_id, stat, selector,
            array_agg(distinct coalesce(lapse_measure, measure)) as measures,
            badges_internal._stat_thresholds(array_agg(measure), array_agg(threshold))
                as thresholds
        from compiled
        where required is null and stat is not null
        group by org_id, stat, selector
    ),
    definitions as (
        insert into badges_internal.stat_definitions as defined (
            org_id, stat, selector, activity_types, route, watched, since_version, thresholds
        )
        select watched.org_id, watched.stat, watched.selector,
            case when watched.selector ? 'types'
                then array(select jsonb_array_elements_text(watched.selector -> 'types')) end,
            case when watched.stat >= '~' then badges_internal._stat_route(
                watched.selector, watched.measures, here.time_zone, here.week_starts
            ) end,
            watched.measures,
            case when watched.stat >= '~' or watched.measures::text ~ '_run' then p_version
                else 0 end,
            watched.thresholds
        from watched
        join badges.organizations as here on here.org_id = watched.org_id
        -- A stat of which more is asked is as good as new, and so is one that drops its days. Base
        -- stats have all but the runs.
        on conflict (org_id, stat) do update set
            watched = excluded.watched,
            route = excluded.route,
            thresholds = excluded.thresholds,
            since_version = case
                when array(
                    select measure from unnest(excluded.watched) as asked (measure)
                    where excluded.stat >= '~' or measure like '%\_run'
                ) <@ defined.watched
                and (excluded.route).has_days is not distinct from (defined.route).has_days
                    then defined.since_version
                else excluded.since_version
            end
    )
    delete from badges_internal.stat_definitions as defined
    where defined.org_id = any(p_org_ids)
    and not exists (
        select from watched
        where watched.org_id = defined.org_id and watched.stat = defined.stat
    );
end;
$$;

comment on function badges_internal._save_compiled(text[], integer) is
'Compiles the rules of organizations and writes what changed, marked with a version.';
