-- Gives every activity of the people once for each rule's selector that chooses it.
--
-- Where per finds no scalar an activity belongs to no part and is not chosen.
create or replace function badges_internal._verify_rule_choices(p_people uuid[])
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    activity_id bigint,
    occurred_at timestamptz,
    activity_date date,
    value numeric,
    element text,
    element_value numeric
)
language sql
stable
parallel safe
begin atomic
    with selectors as materialized (
        select selector.*, coalesce(chosen.activity_type, '') as activity_type
        from badges_internal._verify_selectors() as selector
        left join lateral jsonb_array_elements_text(selector.activity_types)
            as chosen (activity_type) on true
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
                badges_internal._verify_name(activity.fields -> selector.per_field)
            )
        end,
        activity.activity_id,
        activity.occurred_at,
        activity.activity_date,
        case
            when selector.value_field = 'quantity' then activity.quantity
            else badges_internal._verify_number(activity.fields -> selector.value_field)
        end,
        case
            when selector.element_unit is not null then to_char(
                date_trunc(selector.element_unit, activity.activity_date::timestamp), 'YYYY-MM-DD'
            )
            when selector.element_field is not null
                then badges_internal._verify_name(activity.fields -> selector.element_field)
        end,
        case
            when selector.element_value_field = 'quantity' then activity.quantity
            else badges_internal._verify_number(activity.fields -> selector.element_value_field)
        end
    from (
        select
            activity.*,
            activity.attributes || jsonb_build_object('quantity', activity.quantity) as fields
        from badges.activities as activity
        where (p_people is null or activity.peer_mentor_id = any(p_people))
        offset 0
    ) as activity
    cross join lateral (values (''), (activity.activity_type)) as wanted (activity_type)
    inner join selectors as selector
        on selector.org_id = activity.org_id
        and selector.activity_type = wanted.activity_type
    where (
        selector.per_field is null
        or badges_internal._verify_name(activity.fields -> selector.per_field) is not null
    )
    and (selector.tests is null or (
        select bool_and(badges_internal._verify_matches(
            activity.fields -> (test.value ->> 'field'),
            test.value ->> 'operator',
            test.value -> 'operands'
        ))
        from jsonb_array_elements(selector.tests) as test
    ));
end;

comment on function badges_internal._verify_rule_choices(uuid[]) is
'Gives every activity of the people once for each rule''s selector that chooses it.';
