-- Gives a row's active days and runs after days of it lost their last activity.
--
-- One day: only the runs around it are looked at, and all days only where the run that held it was
-- a longest one, until another as long is found. Several days, and a calendar window: counted anew.
create or replace function badges_internal._days_without(
    p_part badges_internal.changed_part,
    p_held badges_internal.held_stat,
    p_days date[]
)
returns badges_internal.held_stat
language plpgsql
volatile
as $$
declare
    v_units constant text[] := array[
        'day', badges_internal._unit_in(p_part.org_id, 'week'), 'month'
    ];
    v_day constant date := p_days[1];
    v_left badges_internal.held_stat := p_held;
    v_before date;
    v_after date;
    v_unit text;
    v_gone integer;
    v_first integer; -- the run that held the day, as it was
    v_last integer;
    v_newest integer;
begin
    if cardinality(p_days) > 1 or p_part.first_day is not null then
        return badges_internal._days_anew(p_part, p_held);
    end if;
    v_before := (
        select found.activity_date
        from badges_internal._part_activities(p_part, null, v_day - 1) as found
        order by found.activity_date desc
        limit 1
    );
    if v_day < p_held.last_date then
        v_after := (
            select found.activity_date
            from badges_internal._part_activities(p_part, v_day + 1, null) as found
            order by found.activity_date
            limit 1
        );
    end if;
    v_left.active_days := p_held.active_days - 1;
    v_left.last_date := case when v_after is null then v_before else p_held.last_date end;
    v_left.run_end := v_left.last_date;
    for n in 1..3 loop
        v_unit := v_units[n];
        v_gone := badges_internal._unit_number(v_unit, v_day);
        continue when p_held.runs[n] is null
            or badges_internal._unit_number(v_unit, v_before) = v_gone
            or badges_internal._unit_number(v_unit, v_after) = v_gone;
        v_last := badges_internal._unit_number(v_unit, p_held.last_date);
        v_first := v_last - p_held.runs[n] + 1;
        if v_gone < v_first then
            v_first := badges_internal._run_edge(
                p_part.peer_mentor_id, p_part.org_id, p_part.types, p_part.route, p_part.bucket,
                '{}', '{}', v_unit, v_gone, -1, null, null
            );
            v_last := badges_internal._run_edge(
                p_part.peer_mentor_id, p_part.org_id, p_part.types, p_part.route, p_part.bucket,
                '{}', '{}', v_unit, v_gone, 1, null, null
            );
        elsif v_gone < v_last then
            v_left.runs[n] := v_last - v_gone;
        elsif v_gone > v_first then
            v_left.runs[n] := p_held.runs[n] - 1;
        else
            v_newest := badges_internal._unit_number(v_unit, v_left.last_date);
            v_left.runs[n] := v_newest + 1 - badges_internal._run_edge(
                p_part.peer_mentor_id, p_part.org_id, p_part.types, p_part.route, p_part.bucket,
                '{}', '{}', v_unit, v_newest, -1, null, null
            );
        end if;
        if v_last - v_first + 1 >= p_held.longest_runs[n] then
            v_left.longest_runs[n] := badges_internal._longest_run(
                p_part, v_unit, p_held.longest_runs[n]
            );
        end if;
    end loop;
    return v_left;
end;
$$;

comment on function badges_internal._days_without(
    badges_internal.changed_part, badges_internal.held_stat, date[]
) is
'Gives a row''s active days and runs after days of it lost their last activity.';
