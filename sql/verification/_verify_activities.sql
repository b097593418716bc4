-- Gives every activity of the people once for each stat that chooses it.
--
-- p_kind keeps the stats of a kind: lasting, rolling, capped or sequence, p_measures those that
-- some rule measures so, null all. Where per finds no scalar an activity belongs to no part and is
-- not chosen. STABLE as all of these helpers, so that one verification reads the one snapshot of
-- the statement that calls them.
create or replace function badges_internal._verify_activities(
    p_scope badges_internal.verified_scope,
    p_measures text[],
    p_kind text
)
returns setof badges_internal.verified_choice
language sql
stable
parallel safe
begin atomic
    select
        activity.peer_mentor_id,
        stat.number,
        stat.is_dated,
        stat.element_measure,
        stat.element_target,
        stat.rolling_days,
        case
            when stat.window_unit is null then '-infinity'
            else badges_internal._verify_unit_start(
                stat.window_unit, activity.activity_date, stat.week_shift
            )
        end,
        case
            when stat.per_field is null then ''
            else badges_internal._verify_name(badges_internal._verify_field(
                activity.attributes, activity.quantity, stat.per_field
            ))
        end,
        activity.occurred_at,
        activity.activity_date,
        case
            when stat.qualify_tests is not null then (
                select qualifying.passes::integer
                from badges_internal._verify_passing(
                    stat.qualify_tests, activity.attributes, activity.quantity
                ) as qualifying
            )
            when stat.sequence = 'capped_count' then 1
            when stat.value_field = 'quantity' then activity.quantity
            else badges_internal._verify_number(activity.attributes -> stat.value_field)
        end,
        case
            when stat.element_unit is not null then badges_internal._verify_unit_start(
                stat.element_unit, activity.activity_date, stat.week_shift
            )::text
            when stat.element_field is not null
                then badges_internal._verify_name(badges_internal._verify_field(
                    activity.attributes, activity.quantity, stat.element_field
                ))
        end,
        case
            when stat.element_measure is null then null
            when stat.element_measure = 'count' then 1
            when stat.element_measure = 'active_days' then 1
            when stat.element_measure = 'sum' then element.value
            when element.value >= stat.element_at_least then 1
        end
    from badges.activities as activity
    inner join unnest((p_scope).routes) as stat
        on stat.org_id = activity.org_id
        and stat.activity_type = activity.activity_type
        and case
            when stat.cap_unit is not null then 'capped'
            when stat.sequence is not null then 'sequence'
            when stat.rolling_days is not null then 'rolling'
            else 'lasting'
        end = p_kind
        and (p_measures is null or stat.measures && p_measures)
    cross join lateral (
        select case
            when stat.element_value_field = 'quantity' then activity.quantity
            else badges_internal._verify_number(activity.attributes -> stat.element_value_field)
        end as value
    ) as element
    where badges_internal._verify_is_looked_at(p_scope, activity.peer_mentor_id)
    and (
        stat.per_field is null
        or badges_internal._verify_name(badges_internal._verify_field(
            activity.attributes, activity.quantity, stat.per_field
        )) is not null
    )
    and (stat.test_field is null or badges_internal._verify_matches(
        badges_internal._verify_field(activity.attributes, activity.quantity, stat.test_field),
        stat.test_operator,
        stat.test_operands
    ))
    and (stat.other_tests is null or (
        select other.passes
        from badges_internal._verify_passing(
            stat.other_tests, activity.attributes, activity.quantity
        ) as other
    ))
    and (
        stat.existing_days is null
        or badges_internal._verify_exists(stat.existing_days, activity.activity_date)
    )
    and (stat.chosen_when is null or badges_internal._verify_is_in_time(
        stat.chosen_when, stat.time_zone, activity.occurred_at, activity.activity_date
    ));
end;

comment on function badges_internal._verify_activities(
    badges_internal.verified_scope, text[], text
) is
'Gives every activity of the people once for each stat that chooses it.';
