-- Gives conditions without their moments: they must be dated anew.
create or replace function badges_internal._undated(p_states badges_internal.condition_state[])
returns badges_internal.condition_state[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return array(
        select row(
            state.peer_mentor_id, state.org_id, state.badge_definition_id, state.tier,
            state.occurrence, state.node, state.parent, state.stat, state.measure, state.threshold,
            state.threshold_source, null, null, null
        )::badges_internal.condition_state
        from unnest(p_states) as state
    );
end;
$$;

comment on function badges_internal._undated(badges_internal.condition_state[]) is
'Gives conditions without their moments: they must be dated anew.';
