-- Dates held conditions on active days that a late activity made true earlier.
--
-- The activity is the first of its day. Days in the order of their first moments: as many from the
-- award back as there are too many before it. Parameters and result: docs of _earlier_in_part.
create or replace function badges_internal._earlier_by_days(
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
    v_from constant date := case
        when p_route.window_unit is null then '-infinity'
        else badges_internal._unit_start(p_route.window_unit, p_late[1].activity_date)
    end;
    v_state badges_internal.condition_state;
    v_to date;
    v_left integer; -- days too many before the award
    v_moved badges_internal.condition_state[] := '{}';
begin
    foreach v_state in array p_states loop
        v_to := (v_state.came_true_at at time zone 'UTC')::date + 1;
        v_left := (
            select count(*)
            from (
                select
                from badges_internal._chosen_activities(
                    v_person, v_org_id, p_types, p_route, p_bucket, v_from, v_to
                ) as found
                where found.occurred_at < v_state.came_true_at
                group by found.activity_date
            ) as day
        ) - ceil(v_state.threshold);
        continue when v_left < 0;
        if v_state.parent is null then
            with days as (
                select found.activity_date, min(found.occurred_at) as moment
                from badges_internal._chosen_activities(
                    v_person, v_org_id, p_types, p_route, p_bucket,
                    -- Three days more than so many back: first moments come in nearly the days'
                    -- order.
                    (
                        select near.activity_date
                        from badges_internal._chosen_activities(
                            v_person, v_org_id, p_types, p_route, p_bucket, v_from, v_to
                        ) as near
                        where near.occurred_at < v_state.came_true_at
                        group by near.activity_date
                        order by near.activity_date desc
                        offset v_left
                        limit 1
                    ) - 3,
                    v_to
                ) as found
                where found.occurred_at < v_state.came_true_at
                group by found.activity_date
            )
            select at.moment, (
                select max(found.activity_id)
                from badges_internal._chosen_activities(
                    v_person, v_org_id, p_types, p_route, p_bucket,
                    (at.moment at time zone 'UTC')::date - 1,
                    (at.moment at time zone 'UTC')::date + 1
                ) as found
                join days using (activity_date)
                where found.occurred_at = at.moment
                and days.moment = at.moment
            )
            into v_state.came_true_at, v_state.activity_id
            from (
                select days.moment from days order by days.moment desc offset v_left limit 1
            ) as at;
        end if;
        v_moved := v_moved || v_state;
    end loop;
    return v_moved;
end;
$$;

comment on function badges_internal._earlier_by_days(
    badges_internal.condition_state[], badges_internal.late_activity[], text, text[],
    badges_internal.stat_route
) is
'Dates held conditions on active days that a late activity made true earlier.';
