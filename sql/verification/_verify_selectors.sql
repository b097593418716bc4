-- Spreads the canonical selectors to columns for a recomputation.
--
-- tests holds every single test of where, null where there is none. An element is what distinct
-- counts: the value of an attribute, or the calendar unit of a streak. It is counted once the sum
-- of its amounts reaches element_target; a maximum is reached once some value is high enough.
-- p_measures keeps the stats that some rule measures so, p_has_elements those with or without
-- elements; null keeps all.
create or replace function badges_internal._verify_selectors(
    p_measures text[],
    p_has_elements boolean
)
returns table (
    org_id text,
    stat text,
    since_version integer,
    activity_types jsonb,
    tests jsonb,
    chosen_when jsonb,
    time_zone text,
    value_field text,
    per_field text,
    window_unit text,
    rolling_days integer,
    element_field text,
    element_unit text,
    element_measure text,
    element_value_field text,
    element_at_least numeric,
    element_target numeric,
    grace integer
)
language sql
stable
parallel safe
rows 100
set search_path = pg_catalog, pg_temp
begin atomic
    select
        definition.org_id,
        definition.stat,
        definition.since_version,
        definition.selector -> 'types',
        (
            select jsonb_agg(jsonb_build_object(
                'field', condition.key,
                'operator', test.key,
                'operands', case
                    when jsonb_typeof(test.value) = 'array' then test.value
                    else jsonb_build_array(test.value)
                end
            ))
            from jsonb_each(definition.selector -> 'where') as condition
            cross join lateral jsonb_each(case
                when jsonb_typeof(condition.value) = 'object' then condition.value
                else jsonb_build_object('in', condition.value)
            end) as test
        ),
        definition.selector -> 'when',
        organization.time_zone,
        coalesce(definition.selector ->> 'field', 'quantity'),
        definition.selector ->> 'per',
        case
            when jsonb_typeof(definition.selector -> 'window') = 'string'
                then definition.selector ->> 'window'
        end,
        (definition.selector -> 'window' ->> 'rolling_days')::integer,
        definition.selector ->> 'distinct',
        definition.selector ->> 'unit',
        tally.measure,
        coalesce(tally.target ->> 'field', 'quantity'),
        tally.at_least,
        case when tally.measure = 'max' then 1 else tally.at_least end,
        coalesce((definition.selector ->> 'grace')::integer, 0)
    from badges_internal.stat_definitions as definition
    inner join badges.organizations as organization using (org_id)
    cross join lateral (
        select
            found.target,
            coalesce(found.target ->> 'measure', 'count') as measure,
            coalesce((found.target ->> 'at_least')::numeric, 1) as at_least
        from (
            select coalesce(
                definition.selector -> 'per_value', definition.selector -> 'per_unit'
            ) as target
        ) as found
    ) as tally
    where starts_with(definition.stat, '~')
    and (p_has_elements is null or definition.selector ?| '{distinct,unit}' = p_has_elements)
    and (p_measures is null or exists (
        select
        from badges_internal.milestones as milestone
        where milestone.org_id = definition.org_id
        and milestone.stat = definition.stat
        and milestone.measure = any(p_measures)
    ));
end;

comment on function badges_internal._verify_selectors(text[], boolean) is
'Spreads the canonical selectors to columns for a recomputation.';
