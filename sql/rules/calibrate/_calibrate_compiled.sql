-- Compiles the one badge of a document to conditions and groups, as a plan would.
--
-- A stat that is not kept yet is named by its selector's text.
create or replace function badges_internal._calibrate_compiled(
    p_document jsonb,
    out milestones badges_internal.milestones[],
    out groups badges_internal.condition_groups[]
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    select
        array_agg(row(
            compiled.org_id, compiled.badge_definition_id, compiled.tier, compiled.occurrence,
            compiled.node, compiled.parent,
            case
                when compiled.selector is null or not starts_with(compiled.stat, '~')
                or defined.stat is not null then compiled.stat
                else compiled.selector::text
            end,
            compiled.measure, compiled.threshold, compiled.threshold_source, compiled.badge_ids,
            compiled.badge_category, compiled.expression, compiled.path, null, 0, compiled.duration,
            compiled.lapse_measure, compiled.last_days, compiled.parent is null, false,
            null, null, null
        )::badges_internal.milestones) filter (where compiled.required is null),
        array_agg(row(
            compiled.org_id, compiled.badge_definition_id, compiled.node, compiled.parent,
            compiled.depth, compiled.kind, compiled.required, compiled.path
        )::badges_internal.condition_groups) filter (where compiled.required is not null)
    into milestones, groups
    from badges_internal._plan_compiled(p_document) as compiled
    left join badges_internal.stat_definitions as defined
        on defined.org_id = compiled.org_id
        and defined.stat = compiled.stat;
    groups := coalesce(groups, '{}');
end;
$$;

comment on function badges_internal._calibrate_compiled(jsonb) is
'Compiles the one badge of a document to conditions and groups, as a plan would.';
