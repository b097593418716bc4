-- Dates conditions on distinct values, active days and runs of one stat.
--
-- p_states: conditions of one organization, stat and measure. A run of n units is complete when
-- the last of them counted. A day's moments lie within two days of it, so a unit two before
-- another can still have counted later, but none before that. p_until: docs of _date_conditions;
-- what falls or is out of order is read as a whole.
create or replace function badges_internal._reached_by_elements(
    p_states badges_internal.condition_state[],
    p_until date
)
returns badges_internal.condition_state[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_org_id constant text := p_states[1].org_id;
    v_stat constant text := p_states[1].stat;
    v_measure constant text := p_states[1].measure;
    v_unit constant text := badges_internal._unit_in(v_org_id, split_part(v_measure, '_', 1));
    v_route constant badges_internal.stat_route
        := (badges_internal._stat_definition(v_org_id, v_stat)).route;
    v_own_units constant boolean := v_route.element_unit is not null;
    v_disordered uuid[];
    v_states badges_internal.condition_state[] := p_states;
    v_dated badges_internal.condition_state[] := '{}';
begin
    if badges_internal._elements_may_fall(p_states) then
        return badges_internal._reached_by_falling_elements(p_states);
    end if;
    -- With grace, or an excuse, a run may be complete before a unit inside it counted.
    if v_route.grace > 0 or v_route.excuse_types is not null then
        v_disordered := badges_internal._disordered_people(
            array(select distinct state.peer_mentor_id from unnest(p_states) as state),
            v_org_id, v_stat
        );
        if v_disordered <> '{}' then
            v_dated := badges_internal._reached_by_falling_elements(array(
                select state from unnest(p_states) as state
                where state.peer_mentor_id = any(v_disordered)
            ));
            v_states := array(
                select state from unnest(p_states) as state
                where state.peer_mentor_id <> all (v_disordered)
            );
        end if;
    end if;
    return v_dated || (
        with counted as (
            select
                element.*,
                case when v_measure like '%run'
                    then badges_internal._unit_number(v_unit, element.element::date) end as number
            from badges_internal._qualified_elements(
                array(select distinct state.peer_mentor_id from unnest(v_states) as state),
                v_org_id,
                v_stat,
                case
                    when v_measure = 'active_days' then 'day'
                    when v_measure = 'distinct' or v_own_units then null
                    else v_unit
                end,
                v_states, p_until
            ) as element
        ),
        begun as (
            select
                counted.*,
                badges_internal._begins_run(
                    counted.peer_mentor_id, v_org_id, v_route, counted.before, counted.number
                ) as begins_run
            from (
                select
                    counted.*,
                    lag(counted.number) over (
                        partition by counted.peer_mentor_id, counted.bucket order by counted.number
                    ) as before
                from counted
            ) as counted
        ),
        islands as (
            select
                begun.*,
                -- Not a run: no numbers, one sequence.
                count(*) filter (where begun.begins_run) over (
                    partition by begun.peer_mentor_id, begun.bucket order by begun.number
                ) as island
            from begun
        ),
        placed as (
            select
                islands.peer_mentor_id, islands.bucket, islands.counted_at, islands.activity_id,
                row_number() over in_run as place,
                lag(islands.counted_at) over in_run as counted_1,
                lag(islands.activity_id) over in_run as activity_1,
                lag(islands.counted_at, 2) over in_run as counted_2,
                lag(islands.activity_id, 2) over in_run as activity_2
            from islands
            window in_run as (
                -- Not a run: one sequence, in the order in which the elements counted.
                partition by islands.peer_mentor_id, islands.bucket, islands.island
                order by islands.number, islands.counted_at, islands.activity_id
            )
        ),
        complete as (
            select
                state.*,
                last_moment.counted_at as reached_at,
                last_moment.activity_id as deciding_id
            from unnest(v_states) as state
            join placed
                on placed.peer_mentor_id = state.peer_mentor_id
                and placed.place >= state.threshold
            cross join lateral (
                select moment.counted_at, moment.activity_id
                from (values
                    (0, placed.counted_at, placed.activity_id),
                    (1, placed.counted_1, placed.activity_1),
                    (2, placed.counted_2, placed.activity_2)
                ) as moment (steps_back, counted_at, activity_id)
                where moment.steps_back < state.threshold
                and moment.counted_at is not null
                order by moment.counted_at desc, moment.activity_id desc
                limit 1
            ) as last_moment
        ),
        reached as (
            select distinct on (
                peer_mentor_id, badge_definition_id, tier, occurrence, node
            ) *
            from complete
            order by
                peer_mentor_id, badge_definition_id, tier, occurrence, node, reached_at,
                deciding_id desc
        )
        select array_agg(row(
            peer_mentor_id, org_id, badge_definition_id, tier, occurrence, node, parent, stat,
            measure, threshold, threshold_source, reached_at, deciding_id, null
        )::badges_internal.condition_state)
        from reached
    );
end;
$$;

comment on function badges_internal._reached_by_elements(badges_internal.condition_state[], date) is
'Dates conditions on distinct values, active days and runs of one stat.';
