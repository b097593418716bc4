-- Dates conditions that hold now: when each came true, by the activities' own times.
--
-- One pass over the people's activities for each stat and kind of measure. Conditions dated already
-- or without a stat pass as they are; those that turn out never to have held are left out. p_until:
-- no moment after that local day is asked for, so later days need not be read; null = all are.
create or replace function badges_internal._date_conditions(
    p_states badges_internal.condition_state[],
    p_until date default null
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
begin
    for v_is_value, v_states in
        select state.measure in ('count', 'sum', 'max'), array_agg(state)
        from unnest(p_states) as state
        where state.came_true_at is null
        and state.stat is not null
        group by
            state.org_id, state.stat,
            case when state.measure not in ('count', 'sum', 'max') then state.measure end,
            state.measure in ('count', 'sum', 'max')
    loop
        v_dated := v_dated || case
            when v_is_value then badges_internal._reached_by_value(v_states, p_until)
            else badges_internal._reached_by_elements(v_states, p_until)
        end;
    end loop;
    return v_dated;
end;
$$;

comment on function badges_internal._date_conditions(badges_internal.condition_state[], date) is
'Dates conditions that hold now: when each came true, by the activities'' own times.';
