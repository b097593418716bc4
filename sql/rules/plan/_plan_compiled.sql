-- Compiles a valid document for every organization that enables a badge, as an apply would.
--
-- A row a condition or group, as _compile_badge gives them. Yields rows and writes nothing.
create or replace function badges_internal._plan_compiled(p_document jsonb)
returns table (
    org_id text,
    badge_definition_id text,
    node integer,
    parent integer,
    depth integer,
    kind text,
    required integer,
    tier text,
    occurrence integer,
    selector jsonb,
    measure text,
    threshold numeric,
    threshold_source text,
    duration interval,
    badge_ids text[],
    badge_category text,
    expression text,
    path text,
    asked numeric,
    lapse_measure text,
    last_days integer,
    stat text
)
language sql
immutable
begin atomic
    with enabled as materialized (
        select
            organization.key collate "C" as org_id,
            badge.key collate "C" as badge_definition_id,
            badge.value -> 'criteria' as criteria,
            coalesce(badge.value ->> 'on_unmet', 'keep') as on_unmet,
            coalesce(
                organization.value -> 'custom_thresholds' -> badge.key, 'null'
            ) as thresholds,
            array(select jsonb_array_elements_text(organization.value -> 'closed_days'))
                as closed_days
        from jsonb_each(coalesce(p_document -> 'organizations', '{}')) as organization
        cross join jsonb_each(coalesce(p_document -> 'badges', '{}')) as badge
        where coalesce((badge.value -> 'active')::boolean, true)
        and coalesce(organization.value -> 'badges' ? badge.key, true)
    ),
    -- Once for all organizations that ask the same.
    compiled as materialized (
        select
            asked.badge_definition_id,
            asked.thresholds,
            asked.closed_days,
            row_of.*,
            case when row_of.selector is not null
                then badges_internal._stat_name(row_of.selector) end as stat
        from (
            select distinct
                enabled.badge_definition_id, enabled.criteria, enabled.thresholds,
                enabled.on_unmet, enabled.closed_days
            from enabled
        ) as asked
        cross join lateral badges_internal._compile_badge(
            asked.criteria, nullif(asked.thresholds, 'null'), asked.on_unmet, asked.closed_days
        ) as row_of
    )
    select
        enabled.org_id, enabled.badge_definition_id, compiled.node, compiled.parent,
        compiled.depth, compiled.kind, compiled.required, compiled.tier, compiled.occurrence,
        compiled.selector, compiled.measure, compiled.threshold, compiled.threshold_source,
        compiled.duration, compiled.badge_ids, compiled.badge_category, compiled.expression,
        compiled.path, compiled.asked, compiled.lapse_measure, compiled.last_days, compiled.stat
    from enabled
    join compiled
        on compiled.badge_definition_id = enabled.badge_definition_id
        and compiled.thresholds = enabled.thresholds
        and compiled.closed_days = enabled.closed_days;
end;

comment on function badges_internal._plan_compiled(jsonb) is
'Compiles a valid document for every organization that enables a badge, as an apply would.';
