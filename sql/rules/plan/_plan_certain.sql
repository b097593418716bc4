-- Dates those planned conditions that only their moments can decide, and passes the others.
--
-- p_falling: the people and badges where a sum fell; p_dated_people: whose every badge is dated.
create or replace function badges_internal._plan_certain(
    p_states badges_internal.condition_state[],
    p_falling badges_internal.candidate[],
    p_dated_people uuid[]
)
returns badges_internal.condition_state[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
as $$
declare
    v_certain badges_internal.condition_state[];
    v_falling badges_internal.condition_state[];
begin
    if p_falling is null then
        return p_states;
    end if;
    select
        array_agg(state) filter (where not judged.is_falling),
        array_agg(state) filter (where judged.is_falling)
    into v_certain, v_falling
    from unnest(p_states) as state
    left join unnest(p_falling) as falling
        on falling.peer_mentor_id = state.peer_mentor_id
        and falling.org_id = state.org_id
        and falling.badge_definition_id = state.badge_definition_id
    cross join lateral (
        select falling.peer_mentor_id is not null
            or state.peer_mentor_id = any(p_dated_people) as is_falling
    ) as judged;
    return coalesce(v_certain, '{}') || badges_internal._date_conditions(v_falling);
end;
$$;

comment on function badges_internal._plan_certain(
    badges_internal.condition_state[], badges_internal.candidate[], uuid[]
) is
'Dates those planned conditions that only their moments can decide, and passes the others.';
