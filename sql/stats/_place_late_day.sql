-- Places a new day before a row's last one in the row's runs of active days, weeks and months.
--
-- A unit that holds another day is in its runs already; a new one joins those beside it. p_units:
-- day, week and month, docs of _calendar_unit. p_types, p_route: of the stat. p_hidden,
-- p_hidden_days: activities and days that are not seen.
create or replace function badges_internal._place_late_day(
    p_row badges_internal.late_row,
    p_units text[],
    p_types text[],
    p_route badges_internal.stat_route,
    p_day date,
    p_hidden bigint[],
    p_hidden_days date[]
)
returns badges_internal.late_row
language plpgsql
volatile
as $$
declare
    v_row badges_internal.late_row := p_row;
    v_before date; -- the days beside it that hold something
    v_after date;
    v_number integer;
    v_known integer; -- the last unit of the run that the row has
    v_edges integer[]; -- of the run around the day
begin
    select (
        select found.activity_date
        from badges_internal._chosen_activities(
            p_row.peer_mentor_id, p_row.org_id, p_types, p_route, p_row.bucket, '-infinity',
            p_day - 1
        ) as found
        where found.activity_id <> all (p_hidden)
        and found.activity_date <> all (p_hidden_days)
        order by found.activity_date desc
        limit 1
    ), (
        select found.activity_date
        from badges_internal._chosen_activities(
            p_row.peer_mentor_id, p_row.org_id, p_types, p_route, p_row.bucket, p_day + 1,
            'infinity'
        ) as found
        where found.activity_id <> all (p_hidden)
        and found.activity_date <> all (p_hidden_days)
        order by found.activity_date
        limit 1
    )
    into v_before, v_after;
    for n in 1 .. 3 loop
        continue when p_row.runs[n] is null;
        v_number := badges_internal._unit_number(p_units[n], p_day);
        v_edges := array[
            badges_internal._unit_number(p_units[n], v_before),
            badges_internal._unit_number(p_units[n], v_after)
        ];
        continue when v_number = any(v_edges);
        v_known := badges_internal._unit_number(p_units[n], p_row.run_end);
        for side in 1 .. 2 loop
            v_edges[side] := case
                when abs(v_edges[side] - v_number) = 1 then badges_internal._run_edge(
                    p_row.peer_mentor_id, p_row.org_id, p_types, p_route, p_row.bucket, p_hidden,
                    p_hidden_days, p_units[n], v_number, side * 2 - 3,
                    v_known - p_row.runs[n] + 1, v_known
                )
                else v_number
            end;
        end loop;
        v_row.longest_runs[n] := greatest(v_row.longest_runs[n], v_edges[2] - v_edges[1] + 1);
        if v_edges[2] = badges_internal._unit_number(p_units[n], p_row.last_date) then
            v_row.new_runs[n] := v_edges[2] - v_edges[1] + 1;
        end if;
    end loop;
    return v_row;
end;
$$;

comment on function badges_internal._place_late_day(
    badges_internal.late_row, text[], text[], badges_internal.stat_route, date, bigint[], date[]
) is
'Places a new day before a row''s last one in the row''s runs of active days, weeks and months.';
