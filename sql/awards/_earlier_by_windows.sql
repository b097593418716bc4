-- Lists held conditions on rolling windows that late activities may have made true earlier.
--
-- Only the windows that hold a late activity are looked at, as they were before the award. What is
-- enough there comes without a moment: it must be dated anew. Parameters: docs of _earlier_in_part.
create or replace function badges_internal._earlier_by_windows(
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
    v_measure constant text := p_states[1].measure;
    v_last constant timestamptz := p_states[cardinality(p_states)].came_true_at;
    v_late badges_internal.late_activity;
    v_days constant integer := p_route.rolling_days - 1;
    v_from date;
    v_to date;
    v_best numeric;
begin
    foreach v_late in array p_late loop
        continue when v_late.occurred_at >= v_last;
        v_from := v_late.activity_date - v_days;
        v_to := v_late.activity_date + v_days;
        if v_measure = 'distinct' then
            -- No window holds more than all of them.
            v_best := greatest(v_best, (
                select count(distinct found.element)
                from badges_internal._chosen_activities(
                    v_person, v_org_id, p_types, p_route, p_bucket, v_from, v_to
                ) as found
                where found.occurred_at < v_last
            ));
        else
            v_best := greatest(v_best, (
                select max(whole.value)
                from (
                    select
                        day.activity_date,
                        case
                            when v_measure = 'count' then sum(day.activity_count) over lately
                            when v_measure = 'sum' then sum(day.value_sum) over lately
                            when v_measure = 'max' then max(day.value_max) over lately
                            else count(*) over lately
                        end as value
                    from (
                        select
                            found.activity_date, count(*) as activity_count,
                            sum(found.measured) as value_sum, max(found.measured) as value_max
                        from badges_internal._chosen_activities(
                            v_person, v_org_id, p_types, p_route, p_bucket, v_from, v_to
                        ) as found
                        where found.occurred_at < v_last
                        group by found.activity_date
                    ) as day
                    window lately as (
                        order by day.activity_date
                        range between make_interval(days => v_days) preceding and current row
                    )
                ) as whole
                where whole.activity_date >= v_late.activity_date
            ));
        end if;
    end loop;
    return badges_internal._undated(array(
        select state from unnest(p_states) as state where state.threshold <= v_best
    ));
end;
$$;
