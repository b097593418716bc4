-- Places a new day before a row's last one in the row's runs of active days, weeks and months.
--
-- A unit that holds another day is in its runs already; a new one joins those beside it.
-- p_week_origin: docs of _unit_numbers. p_types, p_route: of the stat. p_before, p_after: the days
-- beside it, docs of _days_beside. p_hidden, p_hidden_days: activities and days that are not seen.
create or replace function badges_internal._place_late_day(
    p_row badges_internal.late_row,
    p_week_origin date,
    p_types text[],
    p_route badges_internal.stat_route,
    p_day date,
    p_before date,
    p_after date,
    p_hidden bigint[],
    p_hidden_days date[]
)
returns badges_internal.late_row
language plpgsql
volatile
as $$
declare
    v_row badges_internal.late_row := p_row;
    v_here constant integer[] := badges_internal._unit_numbers(p_day, p_week_origin);
    v_before constant integer[] := badges_internal._unit_numbers(p_before, p_week_origin);
    v_after constant integer[] := badges_internal._unit_numbers(p_after, p_week_origin);
    v_unit text;
    v_known integer; -- the last unit of the run that the row has
    v_first_edge integer; -- of the run around the day
    v_last_edge integer;
begin
    for n in 1 .. 3 loop
        continue when p_row.runs[n] is null or v_here[n] in (v_before[n], v_after[n]);
        -- Alone and not the last one, a unit is as long as any.
        continue when v_after[n] - v_here[n] > 1
            and (v_here[n] - v_before[n] = 1) is not true;
        v_unit := (array['day', badges_internal._week_unit(p_week_origin), 'month'])[n];
        v_known := (badges_internal._unit_numbers(p_row.run_end, p_week_origin))[n];
        v_first_edge := v_here[n];
        v_last_edge := v_here[n];
        if v_here[n] - v_before[n] = 1 then
            v_first_edge := badges_internal._run_edge(
                p_row.peer_mentor_id, p_row.org_id, p_types, p_route, p_row.bucket, p_hidden,
                p_hidden_days, v_unit, v_before[n], -1, v_known - p_row.runs[n] + 1, v_known
            );
        end if;
        if v_after[n] - v_here[n] = 1 then
            v_last_edge := badges_internal._run_edge(
                p_row.peer_mentor_id, p_row.org_id, p_types, p_route, p_row.bucket, p_hidden,
                p_hidden_days, v_unit, v_after[n], 1, v_known - p_row.runs[n] + 1, v_known
            );
        end if;
        v_row.longest_runs[n] := greatest(v_row.longest_runs[n], v_last_edge - v_first_edge + 1);
        if v_last_edge
            = (badges_internal._unit_numbers(p_row.last_date, p_week_origin))[n]
        then
            v_row.new_runs[n] := v_last_edge - v_first_edge + 1;
        end if;
    end loop;
    return v_row;
end;
$$;

comment on function badges_internal._place_late_day(
    badges_internal.late_row, date, text[], badges_internal.stat_route, date, date, date, bigint[],
    date[]
) is
'Places a new day before a row''s last one in the row''s runs of active days, weeks and months.';
