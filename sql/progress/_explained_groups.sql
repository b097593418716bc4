-- Explains the groups of a composed badge as explain_badge gives them.
--
-- p_dated: what holds, of _dated_conditions. value is how many parts hold or held; where that is
-- enough and the group is not met, they never held at the same moment. A none_of is met while
-- nothing has broken it; broken_at: when it first was.
create or replace function badges_internal._explained_groups(
    p_definition badges.badge_definitions,
    p_org_id text,
    p_dated badges_internal.condition_state[]
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'node', grouped.node, 'parent', grouped.parent, 'kind', grouped.kind,
                    'required', grouped.required, 'path', grouped.path,
                    'value', part.met_count,
                    'remaining', greatest(grouped.required - part.met_count, 0),
                    'verdict', case
                        when (dated.node is null) = (grouped.kind = 'none_of') then 'met'
                        else 'not met'
                    end,
                    'came_true_at', case
                        when grouped.kind <> 'none_of' then dated.came_true_at end,
                    'activity_id', dated.activity_id,
                    'threshold_source', case
                        when grouped.kind = 'n_of' and (
                            jsonb_typeof(config.custom_thresholds) = 'number'
                            or config.custom_thresholds ? (part.criteria ->> 'id')
                        ) then 'organization'
                        else 'default'
                    end,
                    'default_target', coalesce(
                        (part.criteria -> 'n')::numeric, grouped.required
                    )
                ) || jsonb_strip_nulls(jsonb_build_object(
                    'id', part.criteria -> 'id', 'broken_at', case
                        when grouped.kind = 'none_of' then dated.came_true_at end
                ))
                order by grouped.node
            ),
            '[]'
        )
        from badges_internal.condition_groups as grouped
        join badges.org_badge_configs as config
            on config.org_id = grouped.org_id
            and config.badge_definition_id = grouped.badge_definition_id
        left join unnest(p_dated) as dated on dated.node = grouped.node
        cross join lateral (
            select
                (
                    select count(*)
                    from unnest(p_dated) as met
                    left join badges_internal.condition_groups as broken
                        on broken.org_id = grouped.org_id
                        and broken.badge_definition_id = grouped.badge_definition_id
                        and broken.node = met.node
                        and broken.kind = 'none_of'
                    where met.parent = grouped.node
                    and broken.node is null
                ) as met_count,
                badges_internal._criteria_at(p_definition.criteria, grouped.path) as criteria
        ) as part
        where grouped.org_id = p_org_id
        and grouped.badge_definition_id = p_definition.badge_definition_id
    );
end;
$$;

comment on function badges_internal._explained_groups(
    badges.badge_definitions, text, badges_internal.condition_state[]
) is
'Explains the groups of a composed badge as explain_badge gives them.';
