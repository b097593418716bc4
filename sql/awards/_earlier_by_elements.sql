-- Lists held conditions on values or per_unit units that late activities made true earlier.
--
-- Nothing moves unless enough elements counted before the award; of a run, around the unit of a
-- late activity before which the unit did not count; where days do not exist or are excused, unless
-- the run around it is long enough now. What remains comes without a moment: it must
-- be dated anew. Parameters: docs of _earlier_in_part.
create or replace function badges_internal._earlier_by_elements(
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
    v_unit constant text := p_route.element_unit;
    v_measure constant text := coalesce(p_route.element_measure, 'count');
    v_at_least constant numeric := coalesce(p_route.element_at_least, 1);
    v_gap constant integer := coalesce(p_route.grace, 0) + 1;
    v_ids constant bigint[] := array(select late.activity_id from unnest(p_late) as late);
    v_state badges_internal.condition_state;
    v_late record;
    v_numbers integer[]; -- units that counted before the award
    v_at integer;
    v_first integer; -- the run around it
    v_last integer;
    v_length integer;
    v_reach integer;
    v_earlier badges_internal.condition_state[] := '{}';
begin
    for v_late in
        select *
        from badges_internal._measured_late(p_late, p_route) as late
        where late.element is not null
        and late.occurred_at < p_states[cardinality(p_states)].came_true_at
        and not exists (
            select
            from badges_internal._chosen_activities(
                v_person, v_org_id, p_types, p_route, p_bucket,
                case when v_unit is null then '-infinity' else late.element::date end,
                (late.occurred_at at time zone 'UTC')::date + 1
            ) as other
            where other.element = late.element
            and other.occurred_at <= late.occurred_at
            and other.activity_id <> all (v_ids)
            having badges_internal._tally(
                v_measure, count(*), sum(other.element_measured), max(other.element_measured),
                count(distinct other.activity_date)
            ) >= v_at_least
        )
    loop
        foreach v_state in array p_states loop
            continue when v_late.occurred_at >= v_state.came_true_at;
            if v_state.measure = 'distinct' then
                v_length := (
                    select count(*)
                    from (
                        select
                        from badges_internal._chosen_activities(
                            v_person, v_org_id, p_types, p_route, p_bucket, '-infinity',
                            (v_state.came_true_at at time zone 'UTC')::date + 1
                        ) as found
                        where found.element is not null
                        and found.occurred_at < v_state.came_true_at
                        group by found.element
                        having badges_internal._tally(
                            v_measure, count(*), sum(found.element_measured),
                            max(found.element_measured), count(distinct found.activity_date)
                        ) >= v_at_least
                    ) as counted
                );
            elsif num_nonnulls(p_route.unit_calendar, p_route.excuse_types) > 0 then
                select around.run_length
                into v_length
                from badges_internal._units_around(
                    v_person, v_org_id, p_route, p_bucket, v_late.element::date
                ) as around;
            else
                v_reach := (ceil(v_state.threshold)::integer - 1) * v_gap;
                v_at := badges_internal._unit_number(v_unit, v_late.activity_date);
                v_numbers := array(
                    select badges_internal._unit_number(v_unit, found.activity_date) as number
                    from badges_internal._chosen_activities(
                        v_person, v_org_id, p_types, p_route, p_bucket,
                        badges_internal._unit_day(v_unit, v_at - v_reach),
                        badges_internal._unit_day(v_unit, v_at + v_reach + 1) - 1
                    ) as found
                    where found.occurred_at < v_state.came_true_at
                    group by number
                    having badges_internal._tally(
                        v_measure, count(*), sum(found.element_measured),
                        max(found.element_measured), count(distinct found.activity_date)
                    ) >= v_at_least
                    order by number
                );
                v_first := array_position(v_numbers, v_at);
                v_last := v_first;
                while v_numbers[v_first] - v_numbers[v_first - 1] <= v_gap loop
                    v_first := v_first - 1;
                end loop;
                while v_numbers[v_last + 1] - v_numbers[v_last] <= v_gap loop
                    v_last := v_last + 1;
                end loop;
                v_length := v_last - v_first + 1;
            end if;
            if v_length >= v_state.threshold then
                v_earlier := v_earlier || badges_internal._undated(array[v_state]);
            end if;
        end loop;
    end loop;
    return v_earlier;
end;
$$;

comment on function badges_internal._earlier_by_elements(
    badges_internal.condition_state[], badges_internal.late_activity[], text, text[],
    badges_internal.stat_route
) is
'Lists held conditions on values or per_unit units that late activities made true earlier.';
