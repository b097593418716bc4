-- Spreads the canonical selectors to columns for a recomputation.
--
-- tests holds every single test of where, null where there is none. An element is what distinct
-- counts: the value of an attribute, or a calendar unit of a per_unit streak. It is counted once
-- its tally reaches element_at_least.
create or replace function badges_internal._verify_selectors()
returns table (
    org_id text,
    stat text,
    since_version integer,
    activity_types jsonb,
    tests jsonb,
    value_field text,
    per_field text,
    window_unit text,
    element_field text,
    element_unit text,
    element_measure text,
    element_value_field text,
    element_at_least numeric
)
language sql
stable
parallel safe
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
        coalesce(definition.selector ->> 'field', 'quantity'),
        definition.selector ->> 'per',
        definition.selector ->> 'window',
        definition.selector ->> 'distinct',
        case when definition.selector ? 'per_unit' then definition.selector ->> 'unit' end,
        coalesce(tally.target ->> 'measure', 'count'),
        coalesce(tally.target ->> 'field', 'quantity'),
        coalesce((tally.target ->> 'at_least')::numeric, 1)
    from badges_internal.stat_definitions as definition
    cross join lateral (
        select coalesce(
            definition.selector -> 'per_value', definition.selector -> 'per_unit'
        ) as target
    ) as tally
    where starts_with(definition.stat, '~');
end;

comment on function badges_internal._verify_selectors() is
'Spreads the canonical selectors to columns for a recomputation.';
