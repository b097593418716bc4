-- Gives every activity of the people once for each rule's selector that chooses it.
--
-- Where per finds no scalar an activity belongs to no part and is not chosen. p_is_rolling keeps
-- the selectors with or without a rolling window; the other two are those of _verify_selectors.
create or replace function badges_internal._verify_rule_choices(
    p_people uuid[],
    p_measures text[],
    p_has_elements boolean,
    p_is_rolling boolean
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    occurred_at timestamptz,
    activity_date date,
    value numeric,
    element text,
    element_amount numeric
)
language sql
stable
parallel safe
begin atomic
    with selectors as materialized (
        select
            selector.*,
            coalesce(chosen.activity_type, '') as activity_type,
            -- Nearly every where has one test: it is read without unpacking the array.
            selector.tests -> 0 ->> 'field' as test_field,
            selector.tests -> 0 ->> 'operator' as test_operator,
            selector.tests -> 0 -> 'operands' as test_operands,
            nullif(selector.tests - 0, '[]') as other_tests
        from badges_internal._verify_selectors(p_measures, p_has_elements) as selector
        left join lateral jsonb_array_elements_text(selector.activity_types)
            as chosen (activity_type) on true
        where (selector.rolling_days is not null) = p_is_rolling
    )
    select
        activity.peer_mentor_id,
        activity.org_id,
        selector.stat,
        case
            when selector.window_unit is null and selector.per_field is null then ''
            else concat_ws(
                ' ',
                to_char(
                    date_trunc(selector.window_unit, activity.activity_date::timestamp),
                    'YYYY-MM-DD'
                ),
                badges_internal._verify_name(badges_internal._verify_field(
                    activity.attributes, activity.quantity, selector.per_field
                ))
            )
        end,
        activity.occurred_at,
        activity.activity_date,
        case
            when selector.value_field = 'quantity' then activity.quantity
            else badges_internal._verify_number(activity.attributes -> selector.value_field)
        end,
        case
            when selector.element_unit is not null then to_char(
                date_trunc(selector.element_unit, activity.activity_date::timestamp), 'YYYY-MM-DD'
            )
            when selector.element_field is not null
                then badges_internal._verify_name(badges_internal._verify_field(
                    activity.attributes, activity.quantity, selector.element_field
                ))
        end,
        case
            when selector.element_measure in ('count', 'active_days') then 1
            when selector.element_measure = 'sum' then element.value
            when element.value >= selector.element_at_least then 1
        end
    from badges.activities as activity
    cross join lateral (values (''), (activity.activity_type)) as wanted (activity_type)
    inner join selectors as selector
        on selector.org_id = activity.org_id
        and selector.activity_type = wanted.activity_type
    cross join lateral (
        select case
            when selector.element_value_field = 'quantity' then activity.quantity
            else badges_internal._verify_number(
                activity.attributes -> selector.element_value_field
            )
        end as value
    ) as element
    where (p_people is null or activity.peer_mentor_id = any(p_people))
    and (
        selector.per_field is null
        or badges_internal._verify_name(badges_internal._verify_field(
            activity.attributes, activity.quantity, selector.per_field
        )) is not null
    )
    and (selector.test_field is null or badges_internal._verify_matches(
        badges_internal._verify_field(
            activity.attributes, activity.quantity, selector.test_field
        ),
        selector.test_operator,
        selector.test_operands
    ))
    and (selector.other_tests is null or (
        select bool_and(badges_internal._verify_matches(
            badges_internal._verify_field(
                activity.attributes, activity.quantity, test.value ->> 'field'
            ),
            test.value ->> 'operator',
            test.value -> 'operands'
        ))
        from jsonb_array_elements(selector.other_tests) as test
    ))
    and (selector.chosen_when is null or badges_internal._verify_is_in_time(
        selector.chosen_when, selector.time_zone, activity.occurred_at, activity.activity_date
    ));
end;

comment on function badges_internal._verify_rule_choices(uuid[], text[], boolean, boolean) is
'Gives every activity of the people once for each rule''s selector that chooses it.';
