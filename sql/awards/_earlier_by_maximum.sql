-- Dates held conditions on a maximum that late activities made true earlier: by themselves.
--
-- Parameters and result: docs of _earlier_in_part.
create or replace function badges_internal._earlier_by_maximum(
    p_states badges_internal.condition_state[],
    p_late badges_internal.late_activity[],
    p_route badges_internal.stat_route
)
returns badges_internal.condition_state[]
language plpgsql
volatile
as $$
begin
    return array(
        select row(
            state.peer_mentor_id, state.org_id, state.badge_definition_id, state.tier,
            state.occurrence, state.node, state.parent, state.stat, state.measure,
            state.threshold, state.threshold_source, first.occurred_at, first.activity_id, null
        )::badges_internal.condition_state
        from unnest(p_states) as state
        cross join lateral (
            select found.occurred_at, found.activity_id
            from badges_internal._measured_late(p_late, p_route) as found
            where found.measured >= state.threshold
            and found.occurred_at < state.came_true_at
            order by found.occurred_at, found.activity_id desc
            limit 1
        ) as first
    );
end;
$$;

comment on function badges_internal._earlier_by_maximum(
    badges_internal.condition_state[], badges_internal.late_activity[],
    badges_internal.stat_route
) is
'Dates held conditions on a maximum that late activities made true earlier: by themselves.';
