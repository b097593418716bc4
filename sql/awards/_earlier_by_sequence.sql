-- Lists held conditions on a run or a share that late activities may have made true earlier.
--
-- Looks at the stretch that each has a part in. They come without a moment: they must be dated
-- anew. Parameters: docs of _earlier_in_part.
create or replace function badges_internal._earlier_by_sequence(
    p_states badges_internal.condition_state[],
    p_late badges_internal.late_activity[]
)
returns badges_internal.condition_state[]
language plpgsql
volatile
as $$
declare
    v_person constant uuid := p_states[1].peer_mentor_id;
    v_defined constant badges_internal.stat_definitions
        := badges_internal._stat_definition(p_states[1].org_id, p_states[1].stat);
    v_held badges.peer_mentor_stats;
    v_late badges_internal.late_activity;
    v_earlier badges_internal.condition_state[];
begin
    select held.*
    into v_held
    from badges.peer_mentor_stats as held
    where held.peer_mentor_id = v_person
    and held.org_id = v_defined.org_id
    and held.stat = v_defined.stat
    and held.bucket = '';
    foreach v_late in array p_late loop
        select v_earlier || array_agg(distinct state)
        into v_earlier
        from badges_internal._sequence_values(
            v_defined, array[v_person], null, null, badges_internal._sequence_slice(
                v_held, v_defined.activity_types, v_defined.route, v_late.occurred_at, null
            )
        ) as found
        join unnest(p_states) as state
            on found.occurred_at >= v_late.occurred_at
            and found.occurred_at < state.came_true_at
            and found.value >= state.threshold;
    end loop;
    return badges_internal._undated(v_earlier);
end;
$$;

comment on function badges_internal._earlier_by_sequence(
    badges_internal.condition_state[], badges_internal.late_activity[]
) is
'Lists held conditions on a run or a share that late activities may have made true earlier.';
