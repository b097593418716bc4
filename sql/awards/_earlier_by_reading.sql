-- Dates held conditions on a count or sum that late activities made true earlier, of some hundred.
--
-- The person's activities are read in their order until there is enough: where there are few, that
-- is one small statement a condition. Nothing in the part is below zero, and no condition a part of
-- a composed badge. Parameters and result: docs of _earlier_in_part.
create or replace function badges_internal._earlier_by_reading(
    p_states badges_internal.condition_state[],
    p_late badges_internal.late_activity[],
    p_bucket text,
    p_types text[],
    p_route badges_internal.stat_route
)
returns badges_internal.condition_state[]
language plpgsql
volatile
as $$
declare
    v_first_day constant date := case
        when p_route.window_unit is null then '-infinity'
        else badges_internal._unit_start(p_route.window_unit, p_late[1].activity_date)
    end;
    v_state badges_internal.condition_state;
    v_moment timestamptz;
    v_id bigint;
    v_moved badges_internal.condition_state[] := '{}';
begin
    foreach v_state in array p_states loop
        if v_state.measure = 'count' then
            select found.occurred_at, found.activity_id
            into v_moment, v_id
            from badges_internal._counted_at(
                v_state.peer_mentor_id, v_state.org_id, p_types, p_route, p_bucket, v_first_day,
                v_state.came_true_at, v_state.threshold
            ) as found;
        else
            select found.occurred_at, found.activity_id
            into v_moment, v_id
            from badges_internal._summed_at(
                v_state.peer_mentor_id, v_state.org_id, p_types, p_route, p_bucket, v_first_day,
                v_state.came_true_at, v_state.threshold
            ) as found;
        end if;
        continue when not found;
        v_state.came_true_at := v_moment;
        v_state.activity_id := v_id;
        v_moved := v_moved || v_state;
    end loop;
    return v_moved;
end;
$$;

comment on function badges_internal._earlier_by_reading(
    badges_internal.condition_state[], badges_internal.late_activity[], text, text[],
    badges_internal.stat_route
) is
'Dates held conditions on a count or sum that late activities made true earlier, of some hundred.';
