-- Dates held conditions on a count, sum or active days that late activities made true earlier.
--
-- The value before each award is counted from the beginning or, where that is shorter, back from
-- what the row has. Where there was enough before an award by now, the value is followed back from
-- it, instant by instant, to where it was not. p_count: of activities in the part. Parameters and
-- result: docs of _earlier_in_part.
create or replace function badges_internal._earlier_by_value(
    p_states badges_internal.condition_state[],
    p_late badges_internal.late_activity[],
    p_bucket text,
    p_types text[],
    p_route badges_internal.stat_route,
    p_value numeric,
    p_count bigint
)
returns badges_internal.condition_state[]
language plpgsql
volatile
as $$
declare
    v_person constant uuid := p_states[1].peer_mentor_id;
    v_org_id constant text := p_states[1].org_id;
    v_count constant integer := cardinality(p_states);
    v_measure constant text := p_states[1].measure;
    v_first_day constant date := case
        when p_route.window_unit is null then '-infinity'
        else badges_internal._unit_start(p_route.window_unit, p_late[1].activity_date)
    end;
    v_is_backward constant boolean
        := p_value < p_states[1].threshold + p_states[v_count].threshold;
    -- Months are dearer than reading less than some four hundred activities.
    v_monthly constant text := case
        when p_bucket = '' and v_measure <> 'active_days' and 400 * p_value < p_count
            * case when v_is_backward then p_value - p_states[1].threshold
                else p_states[v_count].threshold end
            then badges_internal._monthly_stat(v_person, v_org_id, p_states[1].stat)
    end;
    v_state badges_internal.condition_state;
    v_value numeric := case when v_is_backward then p_value else 0 end; -- before v_edge
    v_edge timestamptz := case when v_is_backward then 'infinity' else '-infinity' end;
    v_before numeric; -- before v_moment
    v_moment timestamptz;
    v_to date;
    v_step numeric;
    v_ids bigint[];
    v_moved badges_internal.condition_state[] := '{}';
begin
    for n in 1 .. v_count loop
        v_state := p_states[case when v_is_backward then v_count + 1 - n else n end];
        continue when v_state.threshold > p_value;
        v_moment := v_state.came_true_at;
        v_step := badges_internal._value_between(
            v_person, v_org_id, p_types, p_route, p_bucket, v_first_day, 'infinity',
            least(v_edge, v_moment), greatest(v_edge, v_moment), v_measure, v_monthly
        );
        v_value := v_value + case when v_is_backward then -v_step else v_step end;
        v_edge := v_moment;
        continue when v_value < v_state.threshold;
        if v_state.parent is not null then
            -- A part of others may have held before, and something else decided, or barred it.
            continue when v_state.threshold <= v_value - (
                select case when v_measure = 'sum' then coalesce(sum(measured), 0) else count(*) end
                from badges_internal._measured_late(p_late, p_route)
                where occurred_at < v_moment
            ) and not badges_internal._may_be_barred(v_org_id, v_state.badge_definition_id);
            v_moved := v_moved || v_state;
            continue;
        end if;
        v_before := v_value;
        while v_before >= v_state.threshold loop
            v_to := (v_moment at time zone 'UTC')::date + 1;
            for v_moment, v_step, v_ids in
                with newest as materialized (
                    select near.activity_date as day
                    from badges_internal._chosen_activities(
                        v_person, v_org_id, p_types, p_route, p_bucket, v_first_day, v_to
                    ) as near
                    where near.occurred_at < v_moment
                    order by near.activity_date desc
                    limit 1
                )
                select
                    found.occurred_at,
                    case
                        when v_measure = 'count' then count(*)
                        when v_measure = 'sum' then coalesce(sum(found.measured), 0)
                        else count(distinct found.activity_date)
                    end,
                    array_agg(found.activity_id order by found.activity_id)
                from badges_internal._chosen_activities(
                    v_person, v_org_id, p_types, p_route, p_bucket, v_first_day, v_to
                ) as found
                where found.occurred_at < v_moment
                and found.activity_date >= (select day - 2 from newest) -- docs of _value_between
                and found.occurred_at
                    >= (select (day - 1)::timestamp at time zone 'UTC' from newest)
                and (v_measure <> 'active_days' or not exists (
                    select
                    from badges_internal._chosen_activities(
                        v_person, v_org_id, p_types, p_route, p_bucket, found.activity_date,
                        found.activity_date
                    ) as first
                    where first.occurred_at < found.occurred_at
                ))
                group by found.occurred_at
                order by found.occurred_at desc
            loop
                v_before := v_before - v_step;
                exit when v_before < v_state.threshold;
            end loop;
            exit when not found;
        end loop;
        v_state.came_true_at := v_moment;
        v_state.activity_id := v_ids[case when v_measure = 'count'
            then (ceil(v_state.threshold) - v_before)::integer else cardinality(v_ids) end];
        v_moved := v_moved || v_state;
    end loop;
    return v_moved;
end;
$$;

comment on function badges_internal._earlier_by_value(
    badges_internal.condition_state[], badges_internal.late_activity[], text, text[],
    badges_internal.stat_route, numeric, bigint
) is
'Dates held conditions on a count, sum or active days that late activities made true earlier.';
