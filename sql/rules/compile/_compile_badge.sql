-- Compiles criteria and one organization's thresholds to conditions and groups.
--
-- A row a condition for each tier and occurrence, and a row a group. node 0 is the root; the
-- conditions of a composed badge name their group in parent. A none_of is no part that its all_of
-- requires: it takes away from those that hold. Of a badge that lapses every measure is lapse,
-- which nothing crosses, and lapse_measure says what it is. p_closed_days: the organization's.
-- Yields rows and writes nothing.
create or replace function badges_internal._compile_badge(
    p_criteria jsonb,
    p_custom_thresholds jsonb,
    p_on_unmet text default 'keep',
    p_closed_days text[] default null
)
returns table (
    node integer,
    parent integer,
    depth integer,
    kind text, -- the criteria type
    required integer, -- of a group: how many parts must hold; of none_of: how many may
    tier text,
    occurrence integer,
    selector jsonb,
    measure text,
    threshold numeric,
    threshold_source text,
    duration interval, -- of tenure
    badge_ids text[],
    badge_category text,
    expression text,
    path text,
    asked numeric, -- the number that an organization may change, of repetitions the first
    lapse_measure text,
    last_days integer
)
language sql
immutable
begin atomic
    with recursive tree as (
        select
            p_criteria as criteria, '$' as path, '{}'::bigint[] as place,
            null::bigint[] as above_place, 0 as depth
        union all
        select
            part.criteria, tree.path || '.criteria[' || (part.position - 1) || ']',
            tree.place || part.position, tree.place, tree.depth + 1
        from tree
        cross join lateral jsonb_array_elements(tree.criteria -> 'criteria')
            with ordinality as part (criteria, position)
        where tree.criteria ->> 'type' in ('all_of', 'any_of', 'n_of', 'none_of')
    ),
    numbered as (
        select
            tree.*,
            tree.criteria ->> 'type' as kind,
            (row_number() over (order by tree.place) - 1)::integer as node
        from tree
    ),
    nodes as (
        select
            numbered.*,
            above.node as parent,
            -- An override that answers for this node's plain number.
            case
                when numbered.depth = 0 and jsonb_typeof(p_custom_thresholds) = 'number'
                    then p_custom_thresholds::numeric
                when numbered.depth > 0 and jsonb_typeof(p_custom_thresholds) = 'object'
                    then (p_custom_thresholds -> (numbered.criteria ->> 'id'))::numeric
            end as own
        from numbered
        left join numbered as above on above.place = numbered.above_place
    ),
    -- One row a number that can be reached.
    targets as (
        select
            nodes.node, coalesce(tiered.tier, '') as tier, counted.occurrence,
            coalesce(
                (p_custom_thresholds -> tiered.tier)::numeric, nodes.own, tiered.at_least,
                (nodes.criteria -> 'at_least')::numeric, (nodes.criteria -> 'length')::numeric,
                (nodes.criteria -> 'days')::numeric, (nodes.criteria -> 'months')::numeric,
                (nodes.criteria -> 'years')::numeric,
                case when jsonb_typeof(nodes.criteria -> 'require') = 'number'
                    then (nodes.criteria -> 'require')::numeric end,
                jsonb_array_length(coalesce(
                    nodes.criteria -> 'courses', nodes.criteria -> 'badges'
                )),
                1
            ) as asked,
            case
                when nodes.own is not null or p_custom_thresholds ? tiered.tier
                    then 'organization'
                else 'default'
            end as source,
            nodes.path || coalesce('.tiers[' || (tiered.position - 1) || ']', '') as path
        from nodes
        left join lateral (
            select
                each.position,
                each.tier ->> 'tier' as tier,
                coalesce(each.tier -> 'at_least', each.tier -> 'length')::numeric as at_least
            from jsonb_array_elements(nodes.criteria -> 'tiers')
                with ordinality as each (tier, position)
        ) as tiered on true
        cross join lateral generate_series(
            1, coalesce((nodes.criteria -> 'repeat' -> 'max')::integer, 1)
        ) as counted (occurrence)
        where nodes.kind not in ('all_of', 'any_of', 'n_of', 'none_of', 'manual')
    )
    select
        nodes.node, nodes.parent, nodes.depth, nodes.kind,
        case
            when nodes.kind = 'all_of' then jsonb_array_length(
                jsonb_path_query_array(nodes.criteria, '$.criteria[*] ? (@.type != "none_of")'))
            when nodes.kind in ('any_of', 'none_of') then (nodes.kind = 'any_of')::integer
            when nodes.kind = 'n_of' then coalesce(nodes.own, (nodes.criteria -> 'n')::numeric)
        end::integer,
        targets.tier, targets.occurrence,
        case when nodes.kind not in ('badges_earned', 'criteria_raw')
            then badges_internal._selector(case
                when nodes.own is null then nodes.criteria
                else nodes.criteria || jsonb_build_object('at_least', nodes.own)
            end, p_closed_days) end,
        case when p_on_unmet = 'lapse' then 'lapse' else measured.measure end,
        case
            when nodes.criteria -> 'repeat' ? 'each' then targets.occurrence
            when nodes.kind = 'tenure' then targets.asked * targets.occurrence
            else targets.asked + (targets.occurrence - 1)
                * coalesce((nodes.criteria -> 'repeat' -> 'every')::numeric, 0)
        end,
        targets.source,
        case when nodes.kind = 'tenure' then make_interval(
            years => coalesce((nodes.criteria -> 'years')::integer, 0),
            months => coalesce((nodes.criteria -> 'months')::integer, 0),
            days => coalesce((nodes.criteria -> 'days')::integer, 0)
        ) * targets.occurrence end,
        case when nodes.criteria ? 'badges' then array(
            select distinct jsonb_array_elements_text(nodes.criteria -> 'badges')
        ) end,
        case when nodes.kind = 'badges_earned' then nodes.criteria ->> 'category' end,
        case when nodes.kind = 'criteria_raw' then nodes.criteria ->> 'expression' end,
        coalesce(targets.path, nodes.path), targets.asked,
        case when p_on_unmet = 'lapse' then measured.measure end,
        coalesce(nodes.criteria -> 'valid_days', nodes.criteria -> 'window' -> 'last_days')::integer
    from nodes
    left join targets on targets.node = nodes.node
    cross join lateral badges_internal._asked_measure(nodes.criteria) as measured (measure)
    where nodes.kind <> 'manual';
end;

comment on function badges_internal._compile_badge(jsonb, jsonb, text, text[]) is
'Compiles criteria and one organization''s thresholds to conditions and groups.';
