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
    v_stretch record;
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
        v_stretch := badges_internal._sequence_stretch(
            v_held, v_defined, v_late.occurred_at, v_late.activity_id, null
        );
        select v_earlier || array_agg(state)
        into v_earlier
        from unnest(p_states) as state
        where badges_internal._sequence_best(
            v_defined.route,
            -- Up to the moment at which it came true.
            left(v_stretch.bits, width_bucket(
                state.came_true_at - interval '1 microsecond', v_stretch.moments
            )),
            v_stretch.first_end, v_stretch.chosen_count, v_stretch.qualified_count
        ) >= state.threshold;
    end loop;
    return badges_internal._undated(v_earlier);
end;
$$;

comment on function badges_internal._earlier_by_sequence(
    badges_internal.condition_state[], badges_internal.late_activity[]
) is
'Lists held conditions on a run or a share that late activities may have made true earlier.';
