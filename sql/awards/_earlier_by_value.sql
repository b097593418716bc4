-- Dates held conditions on a count or sum that late activities made true earlier.
--
-- Where there was enough before an award by now, the value is followed back from the award, instant
-- by instant, to where it was not.
-- Parameters and result: docs of _earlier_in_part.
create or replace function badges_internal._earlier_by_value(
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
    v_person constant uuid := p_states[1].peer_mentor_id;
    v_org_id constant text := p_states[1].org_id;
    v_is_count constant boolean := p_states[1].measure = 'count';
    v_from constant date := case
        when p_route.window_unit is null then '-infinity'
        else badges_internal._unit_start(p_route.window_unit, p_late[1].activity_date)
    end;
    v_moments timestamptz[];
    v_values numeric[]; -- before each of them
    v_state badges_internal.condition_state;
    v_value numeric; -- before v_moment
    v_moment timestamptz;
    v_step numeric; -- of the instant before it
    v_ids bigint[];
    v_moved badges_internal.condition_state[] := '{}';
begin
    v_moments := array[p_states[1].came_true_at];
    if cardinality(p_states) > 1 then
        v_moments := array(
            select distinct state.came_true_at from unnest(p_states) as state order by 1
        );
    end if;
    v_values := badges_internal._values_before(
        p_states, v_moments, p_bucket, p_types, p_route, v_from
    );

    foreach v_state in array p_states loop
        v_moment := v_state.came_true_at;
        v_value := v_values[array_position(v_moments, v_moment)];
        continue when v_value < v_state.threshold;
        -- A part of others may have held before, and something else decided.
        continue when v_state.parent is not null and v_state.threshold <= v_value - (
            select case when v_is_count then count(*) else coalesce(sum(found.measured), 0) end
            from badges_internal._measured_late(p_late, p_route) as found
            where found.occurred_at < v_moment
        );
        if v_state.parent is null then
            while v_value >= v_state.threshold loop
                select before.occurred_at, before.value, before.activity_ids
                into v_moment, v_step, v_ids
                from badges_internal._instant_before(
                    v_person, v_org_id, p_types, p_route, p_bucket, v_from, v_moment, v_is_count
                ) as before;
                v_value := v_value - v_step;
            end loop;
            v_state.came_true_at := v_moment;
            v_state.activity_id := v_ids[case
                when v_is_count then ceil(v_state.threshold)::integer - v_value::integer
                else cardinality(v_ids)
            end];
        end if;
        v_moved := v_moved || v_state;
    end loop;
    return v_moved;
end;
$$;

comment on function badges_internal._earlier_by_value(
    badges_internal.condition_state[], badges_internal.late_activity[], text, text[],
    badges_internal.stat_route
) is
'Dates held conditions on a count or sum that late activities made true earlier.';
