-- Sorts what late activities made true earlier: awards to move, and badges to be dated anew.
--
-- Parameters: docs of _earlier_states. awards: with their new moments; held: of composed badges,
-- and of what _earlier_states has no moment for. null = none.
create or replace function badges_internal._earlier_awards(
    p_states badges_internal.condition_state[],
    p_late badges_internal.late_activity[],
    out awards badges_internal.dated_award[],
    out held badges_internal.candidate[]
)
language plpgsql
volatile
as $$
declare
    v_state badges_internal.condition_state;
begin
    foreach v_state in array coalesce(
        badges_internal._earlier_states(p_states, p_late), '{}'
    ) loop
        if v_state.parent is null and v_state.came_true_at is not null then
            awards := awards || row(
                v_state.peer_mentor_id, v_state.org_id, v_state.badge_definition_id, v_state.tier,
                v_state.occurrence, v_state.came_true_at, v_state.activity_id, null, null
            )::badges_internal.dated_award;
        else
            held := held || row(
                v_state.peer_mentor_id, v_state.org_id, v_state.badge_definition_id, null, null
            )::badges_internal.candidate;
        end if;
    end loop;
end;
$$;

comment on function badges_internal._earlier_awards(
    badges_internal.condition_state[], badges_internal.late_activity[]
) is
'Sorts what late activities made true earlier: awards to move, and badges to be dated anew.';
