-- Lists the organizations whose rules compile to too much, and whether all of them do.
create or replace function badges_internal._too_many_rows(p_document jsonb, p_sound jsonb)
returns jsonb
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    with limits as (
        select
            (spec -> 'organization_rows')::bigint as organization_rows,
            (spec -> 'all_rows')::bigint as all_rows,
            (spec -> 'raw_rules')::bigint as raw_rules,
            (spec -> 'counting_conditions')::bigint as counting_conditions,
            (spec -> 'counted_badges')::bigint as counted_badges,
            (spec -> 'lapse_conditions')::bigint as lapse_conditions
        from (select badges_internal._criteria_grammar() -> 'limits') as grammar (spec)
    ), weights as materialized (
        select
            rule.key as badge,
            sum(case
                when node.type = 'manual' then 0
                else greatest(1, jsonb_array_length(node.spec -> 'tiers'))
                    * coalesce((node.spec -> 'repeat' -> 'max')::integer, 1)
            end + node.listed + case
                when jsonb_typeof(node.spec -> 'activity') = 'array'
                    then jsonb_array_length(node.spec -> 'activity') - 1
                else 0
            end)::bigint as row_count,
            count(*) filter (where node.type = 'criteria_raw') as raw_count,
            count(*) filter (where node.type = 'badges_earned') as counting_count,
            count(*) filter (where node.type = 'badges_earned' and node.listed = 0)
                as sweeping_count,
            sum(node.listed)::bigint as listed_count,
            sum(greatest(1, jsonb_array_length(node.spec -> 'tiers'))) filter (
                where p_document -> 'badges' -> rule.key ->> 'on_unmet' = 'lapse'
                and not badges_internal._criteria_grammar() -> 'parts' ? node.type
            ) as lapse_count
        from jsonb_each(p_sound) as rule
        cross join lateral (
            select
                walked.node as spec,
                walked.node ->> 'type' as type,
                coalesce(jsonb_array_length(walked.node -> 'badges'), 0) as listed
            from badges_internal._walk_criteria(rule.value) as walked
        ) as node
        group by rule.key
    ), sizes as materialized (
        select
            enabled.org_id,
            sum(weights.row_count) as row_count,
            sum(weights.raw_count) as raw_count,
            sum(weights.counting_count) as counting_count,
            sum(weights.lapse_count) as lapse_count,
            sum(weights.listed_count) + sum(weights.sweeping_count) * count(*) as counted_count
        from badges_internal._enabled_badges(p_document, p_sound) as enabled
        join weights on weights.badge = enabled.badge
        group by enabled.org_id
    ), found as (
        select
            badges_internal._path_step('$.organizations', sizes.org_id) as path, size.problem,
            size.allowed
        from sizes
        cross join limits
        cross join lateral (
            values
            (
                sizes.row_count > limits.organization_rows,
                format('compiles to %s rows', sizes.row_count),
                format('at most %s rows an organization', limits.organization_rows)
            ),
            (
                sizes.raw_count > limits.raw_rules,
                format('has %s raw rules', sizes.raw_count),
                format('at most %s criteria_raw an organization', limits.raw_rules)
            ),
            (
                sizes.counting_count > limits.counting_conditions,
                format('has %s conditions on other badges', sizes.counting_count),
                format('at most %s badges_earned an organization', limits.counting_conditions)
            ),
            (
                sizes.lapse_count > limits.lapse_conditions,
                format('has %s conditions that lapse', sizes.lapse_count),
                format('at most %s conditions that lapse an organization', limits.lapse_conditions)
            ),
            (
                sizes.counted_count > limits.counted_badges,
                format('looks at %s badges in badges_earned', sizes.counted_count),
                format('at most %s in all badges_earned of an organization', limits.counted_badges)
            )
        ) as size (is_too_large, problem, allowed)
        where size.is_too_large
        union all
        select
            '$', format('compiles to %s rows', sum(sizes.row_count)),
            format('at most %s rows in all organizations', limits.all_rows)
        from sizes
        cross join limits
        group by limits.all_rows
        having sum(sizes.row_count) > limits.all_rows
    )
    select coalesce(
        jsonb_agg(badges_internal._problem(found.path, found.problem, found.allowed) -> 0), '[]'
    )
    from found;
$$;

comment on function badges_internal._too_many_rows(jsonb, jsonb) is
'Lists the organizations whose rules compile to too much, and whether all of them do.';
