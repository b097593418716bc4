-- Dates held conditions on a run of active units that late activities made true earlier.
--
-- Nothing moves unless a late activity is the first of its day, week or month. A run that came true
-- earlier holds such a unit; as many on each side as the run is long are looked at. Parameters and
-- result: docs of _earlier_in_part.
create or replace function badges_internal._earlier_by_units(
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
    v_unit constant text
        := badges_internal._unit_in(v_org_id, split_part(p_states[1].measure, '_', 1));
    v_ids bigint[];
    v_last constant timestamptz := p_states[cardinality(p_states)].came_true_at;
    v_late badges_internal.late_activity;
    v_units integer[]; -- those of which a late activity is the first
    v_state badges_internal.condition_state;
    v_number integer;
    v_reach integer;
    v_first integer;
    v_from date;
    v_to date;
    v_moments timestamptz[]; -- when each unit from v_first on counted, null = not
    v_at timestamptz;
    v_moved badges_internal.condition_state[] := '{}';
begin
    foreach v_late in array p_late loop
        v_ids := v_ids || v_late.activity_id;
    end loop;
    foreach v_late in array p_late loop
        v_number := badges_internal._unit_number(v_unit, v_late.activity_date);
        v_from := badges_internal._unit_day(v_unit, v_number);
        v_to := badges_internal._unit_day(v_unit, v_number + 1) - 1;
        continue when v_late.occurred_at >= v_last or v_number = any(v_units);
        perform
        from badges_internal._chosen_activities(
            v_person, v_org_id, p_types, p_route, p_bucket, v_from, v_to
        ) as other
        where other.occurred_at <= v_late.occurred_at
        and other.activity_id <> all (v_ids);
        if not found then
            v_units := v_units || v_number;
        end if;
    end loop;
    if v_units is null then
        return '{}';
    end if;

    foreach v_state in array p_states loop
        v_reach := greatest(v_reach, ceil(v_state.threshold)::integer - 1);
    end loop;
    foreach v_number in array v_units loop
        v_first := v_number - v_reach;
        v_from := badges_internal._unit_day(v_unit, v_first);
        v_to := badges_internal._unit_day(v_unit, v_number + v_reach + 1) - 1;
        v_moments := array(
            select counted.moment
            from generate_series(v_first, v_number + v_reach) as unit (number)
            left join (
                select
                    badges_internal._unit_number(v_unit, found.activity_date) as number,
                    min(found.occurred_at) as moment
                from badges_internal._chosen_activities(
                    v_person, v_org_id, p_types, p_route, p_bucket, v_from, v_to
                ) as found
                where found.occurred_at < v_last
                group by 1
            ) as counted on counted.number = unit.number
            order by unit.number
        );
        foreach v_state in array p_states loop
            v_at := badges_internal._run_complete_at(
                v_moments, v_reach + 1, ceil(v_state.threshold)::integer
            );
            continue when v_at is null or v_at >= v_state.came_true_at;
            v_state.came_true_at := v_at;
            v_state.activity_id := (
                select max(found.activity_id)
                from badges_internal._chosen_activities(
                    v_person, v_org_id, p_types, p_route, p_bucket,
                    (v_at at time zone 'UTC')::date - 1, (v_at at time zone 'UTC')::date + 1
                ) as found
                where found.occurred_at = v_at
                and v_at = v_moments[
                    badges_internal._unit_number(v_unit, found.activity_date) - v_first + 1
                ]
            );
            v_moved := v_moved || v_state;
        end loop;
    end loop;
    return v_moved;
end;
$$;

comment on function badges_internal._earlier_by_units(
    badges_internal.condition_state[], badges_internal.late_activity[], text, text[],
    badges_internal.stat_route
) is
'Dates held conditions on a run of active units that late activities made true earlier.';
