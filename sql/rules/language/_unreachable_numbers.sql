-- Lists the numbers of a valid rule set that no history can reach, with the reason.
--
-- A number that some organization changes is not looked at.
create or replace function badges_internal._unreachable_numbers(p_document jsonb)
returns table (path text, message text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    with nodes as materialized (
        select
            rule.key as badge,
            badges_internal._path_step('$.badges', rule.key) || '.criteria'
                || substr(walked.path, 2) as path,
            walked.node
        from jsonb_each(badges_internal._object_or_empty(p_document -> 'badges')) as rule
        cross join lateral badges_internal._walk_criteria(rule.value -> 'criteria') as walked
        where not exists (
            select
            from jsonb_each(badges_internal._object_or_empty(p_document -> 'organizations')) as org
            where org.value -> 'custom_thresholds' ? rule.key
        )
    ), countable as (
        select
            coalesce(given.key, held.badge_definition_id) as badge,
            case
                when given.key is null then held.category
                else given.value ->> 'category'
            end as category
        from jsonb_each(badges_internal._object_or_empty(p_document -> 'badges')) as given
        full join badges.badge_definitions as held on held.badge_definition_id = given.key
        where not badges_internal._counts_badges(
            coalesce(given.value -> 'criteria', held.criteria)
        )
    ), countable_by_category as materialized (
        -- A null category here is of all together.
        select countable.category, count(*) as number
        from countable
        group by grouping sets ((countable.category), ())
        having grouping(countable.category) = 1
        or countable.category is not null
    ), targets as (
        select nodes.path || '.at_least' as path, nodes.node -> 'at_least' as number, nodes.node
        from nodes
        where nodes.node ? 'at_least'
        union all
        select nodes.path || '.tiers[' || tier.ordinality - 1 || '].at_least',
            tier.value -> 'at_least', nodes.node
        from nodes
        cross join lateral jsonb_array_elements(nodes.node -> 'tiers') with ordinality as tier
        where nodes.node ->> 'type' = 'tier'
    )
    select targets.path, format('the most that a window can have is %s', most.days)
    from targets
    cross join lateral badges_internal._most_active_days(targets.node -> 'window') as most (days)
    where targets.node ->> 'measure' = 'active_days'
    and targets.number::numeric > most.days
    union all
    select
        nodes.path || '.per_unit.at_least',
        format('the most that a %s can have is %s', nodes.node ->> 'unit', most.days)
    from nodes
    cross join lateral badges_internal._most_active_days(nodes.node -> 'unit') as most (days)
    where nodes.node -> 'per_unit' ->> 'measure' = 'active_days'
    and (nodes.node -> 'per_unit' -> 'at_least')::numeric > most.days
    union all
    select nodes.path || '.at_least', format('the most that can be held is %s', others.number)
    from nodes
    cross join lateral (
        -- A badge with such a condition is not among them.
        select coalesce(sum(found.number), 0) as number
        from countable_by_category as found
        where found.category is not distinct from nodes.node ->> 'category'
    ) as others
    where nodes.node ->> 'type' = 'badges_earned'
    and not nodes.node ? 'badges'
    and (nodes.node -> 'at_least')::numeric > others.number;
$$;

comment on function badges_internal._unreachable_numbers(jsonb) is
'Lists the numbers of a valid rule set that no history can reach, with the reason.';
