-- Explains the conditions of a badge as explain_badge gives them.
--
-- p_dated: what holds, of _dated_conditions. Of a repeated badge the occurrences after the next are
-- left out. A condition of a badge that lapses has "expires_at" while it is met: when it ceases to
-- be if nothing happens any more, null = never.
create or replace function badges_internal._explained_conditions(
    p_peer_mentor_id uuid,
    p_definition badges.badge_definitions,
    p_org_id text,
    p_dated badges_internal.condition_state[],
    p_as_of date,
    p_language text
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        with conditions as materialized (
            select
                measured.*, dated.came_true_at, dated.activity_id,
                upper(dated.held_during) as expires_at,
                dated.node is not null as is_met,
                min(measured.occurrence) filter (where dated.node is null)
                    over (partition by measured.node, measured.tier) as next_one
            from badges_internal._badge_conditions(
                p_peer_mentor_id, p_org_id, p_definition.badge_definition_id, p_as_of
            ) as measured
            left join unnest(p_dated) as dated
                on dated.node = measured.node
                and dated.tier = measured.tier
                and dated.occurrence = measured.occurrence
        ),
        told as materialized (
            select
                condition.*,
                -- Tiers and occurrences of one node choose and measure alike, but for the day on
                -- which a tenure is due.
                case when condition.measure = 'tenure' then condition.occurrence else 1 end
                    as like_occurrence
            from conditions as condition
            where condition.is_met
            or condition.occurrence = condition.next_one
        ),
        nodes as materialized (
            select
                condition.node, condition.like_occurrence,
                badges_internal._condition_details(
                    p_peer_mentor_id, p_org_id, p_definition.badge_definition_id, condition.node,
                    condition.like_occurrence, criteria.part, p_as_of
                ) || jsonb_strip_nulls(jsonb_build_object(
                    'type', criteria.part -> 'type', 'id', criteria.part -> 'id'
                )) as details
            from (
                select node, like_occurrence, min(path) as path
                from told
                group by node, like_occurrence
            ) as condition
            cross join lateral (
                select badges_internal._criteria_at(p_definition.criteria, condition.path) as part
            ) as criteria
        ),
        defaults as (
            select *
            from badges_internal._compile_badge(p_definition.criteria, null)
        )
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'node', condition.node, 'parent', condition.parent,
                    'tier', condition.tier, 'occurrence', condition.occurrence,
                    'path', condition.path, 'measure', condition.measure,
                    'selector', defined.selector, 'value', condition.value,
                    'target', condition.target,
                    'remaining', case when condition.is_met then 0
                        else greatest(condition.target - condition.value, 0) end,
                    'verdict', case when condition.is_met then 'met' else 'not met' end,
                    'came_true_at', condition.came_true_at,
                    'activity_id', condition.activity_id,
                    'threshold_source', condition.threshold_source,
                    'default_target', defaults.asked,
                    'since_version', condition.since_version
                )
                || case when condition.tier = '' then '{}' else jsonb_build_object(
                    'name',
                    badges_internal._award_name(p_definition, condition.tier, p_language)
                ) end
                || case
                    when condition.is_met and p_definition.on_unmet = 'lapse'
                        then jsonb_build_object('expires_at', condition.expires_at)
                    else '{}'
                end
                || nodes.details
                order by condition.node, condition.target
            ),
            '[]'
        )
        from told as condition
        join nodes
            on nodes.node = condition.node
            and nodes.like_occurrence = condition.like_occurrence
        left join defaults
            on defaults.node = condition.node
            and defaults.tier = condition.tier
            and defaults.occurrence = condition.occurrence
        left join badges_internal.stat_definitions as defined
            on defined.org_id = p_org_id
            and defined.stat = condition.stat
    );
end;
$$;

comment on function badges_internal._explained_conditions(
    uuid, badges.badge_definitions, text, badges_internal.condition_state[], date, text
) is
'Explains the conditions of a badge as explain_badge gives them.';
