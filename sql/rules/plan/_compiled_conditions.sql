-- Gives the conditions and groups of each badge as they are compiled now, to compare with others.
--
-- since_version: the youngest of its conditions.
create or replace function badges_internal._compiled_conditions()
returns table (
    org_id text,
    badge_definition_id text,
    since_version integer,
    conditions jsonb
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select
        present.org_id, present.badge_definition_id,
        max(present.since_version) as since_version,
        jsonb_agg(present.condition order by present.node, present.tier, present.occurrence)
            as conditions
    from (
        select
            milestone.org_id, milestone.badge_definition_id, milestone.node, milestone.tier,
            milestone.occurrence, milestone.since_version,
            jsonb_build_array(
                milestone.node, milestone.tier, milestone.occurrence, milestone.parent, null,
                array[milestone.stat, milestone.measure, milestone.lapse_measure],
                milestone.threshold, milestone.duration, milestone.badge_ids,
                milestone.badge_category, milestone.expression, milestone.last_days
            ) as condition
        from badges_internal.milestones as milestone
        union all
        select
            grouped.org_id, grouped.badge_definition_id, grouped.node, null, null, 0,
            jsonb_build_array(
                grouped.node, null, null, grouped.parent, grouped.required, null, null, null,
                null, null, null, null
            )
        from badges_internal.condition_groups as grouped
    ) as present
    group by present.org_id, present.badge_definition_id;
end;
$$;

comment on function badges_internal._compiled_conditions() is
'Gives the conditions and groups of each badge as they are compiled now, to compare with others.';
