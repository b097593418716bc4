-- Dates planned conditions, and leaves out those that never held.
--
-- Conditions dated already, and those that count badges, pass as they are. The others as
-- _date_conditions does it, but for stats that the snapshot does not have yet, of which it cannot
-- tell whether a sum fell.
create or replace function badges_internal._plan_dated(
    p_states badges_internal.condition_state[]
)
returns badges_internal.condition_state[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_dated badges_internal.condition_state[] := array(
        select state
        from unnest(p_states) as state
        where state.came_true_at is not null
        or state.stat is null
    );
    v_states badges_internal.condition_state[];
    v_is_value boolean;
    v_is_falling boolean;
begin
    for v_is_value, v_is_falling, v_states in
        select
            state.measure in ('count', 'sum', 'max'),
            coalesce((planned.defined).route.element_measure = 'sum', false),
            array_agg(state)
        from unnest(p_states) as state
        cross join lateral (
            select badges_internal._stat_definition(state.org_id, state.stat) as defined
        ) as planned
        where state.came_true_at is null
        and state.stat is not null
        group by
            state.org_id, state.stat,
            case when state.measure not in ('count', 'sum', 'max') then state.measure end,
            state.measure in ('count', 'sum', 'max'),
            coalesce((planned.defined).route.element_measure = 'sum', false)
    loop
        v_dated := v_dated || case
            when v_is_value then badges_internal._reached_by_value(v_states)
            when v_is_falling then badges_internal._reached_by_falling_elements(v_states)
            else badges_internal._reached_by_elements(v_states)
        end;
    end loop;
    return v_dated;
end;
$$;

comment on function badges_internal._plan_dated(badges_internal.condition_state[]) is
'Dates planned conditions, and leaves out those that never held.';
