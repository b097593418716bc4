-- Dates held conditions on a capped sum that late activities made true before the award.
--
-- What lies before the first of them is as it was. From its unit on, what each activity adds is
-- read and taken from the value of now: then the sum is known at each moment. Parameters and
-- result: docs of _earlier_in_part; p_value: what the part has by now.
create or replace function badges_internal._earlier_by_cap(
    p_states badges_internal.condition_state[],
    p_late badges_internal.late_activity[],
    p_bucket text,
    p_types text[],
    p_route badges_internal.stat_route,
    p_value numeric
)
returns badges_internal.condition_state[]
language plpgsql
volatile
as $$
declare
    v_first_at constant timestamptz := (
        select min(late.occurred_at) from unnest(p_late) as late
    );
    -- No moment lies further than a day from its day.
    v_first_day constant date := badges_internal._unit_start(p_route.cap_unit, least(
        (v_first_at at time zone 'UTC')::date - 2,
        (select min(late.activity_date) from unnest(p_late) as late)
    ));
begin
    return array(
        with found as materialized (
            select
                own.occurred_at, own.activity_id, brought.value,
                sum(brought.value) over (
                    partition by badges_internal._unit_start(p_route.cap_unit, own.activity_date)
                    order by own.occurred_at, own.activity_id
                ) as upto
            from badges_internal._chosen_activities(
                p_states[1].peer_mentor_id, p_states[1].org_id, p_types, p_route, p_bucket,
                v_first_day, 'infinity'
            ) as own
            cross join lateral badges_internal._capped_value(p_route, own.measured)
                as brought (value)
        ),
        added as (
            select
                found.occurred_at, max(found.activity_id) as activity_id,
                sum(least(found.upto, p_route.cap_at)
                    - least(found.upto - found.value, p_route.cap_at)) as value
            from found
            group by found.occurred_at
        ),
        summed as materialized (
            select
                added.occurred_at, added.activity_id,
                p_value - sum(added.value) over () + sum(added.value) over (
                    order by added.occurred_at
                ) as value
            from added
        )
        select row(
            state.peer_mentor_id, state.org_id, state.badge_definition_id, state.tier,
            state.occurrence, state.node, state.parent, state.stat, state.measure,
            state.threshold, state.threshold_source,
            -- A part of others may have held before, and something else decided.
            case when state.parent is null then first.occurred_at end,
            case when state.parent is null then first.activity_id end, null
        )::badges_internal.condition_state
        from unnest(p_states) as state
        cross join lateral (
            select summed.occurred_at, summed.activity_id
            from summed
            where summed.value >= state.threshold
            and summed.occurred_at >= v_first_at
            and summed.occurred_at < state.came_true_at
            order by summed.occurred_at
            limit 1
        ) as first
    );
end;
$$;

comment on function badges_internal._earlier_by_cap(
    badges_internal.condition_state[], badges_internal.late_activity[], text, text[],
    badges_internal.stat_route, numeric
) is
'Dates held conditions on a capped sum that late activities made true before the award.';
