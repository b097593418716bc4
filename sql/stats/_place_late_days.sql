-- Adds days before a row's last day to its active days and runs.
--
-- p_rows: by person, each with its base row, that first. The activities are in the table and in the
-- rows' counts. A day is new when it holds no other activity of the row; new days are placed one
-- after the other, each among those that stand. Many small statements: setting up a large one costs
-- more than all of them. One activity alone takes _place_late_activity.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._place_late_days(p_rows badges_internal.late_row[])
returns void
language plpgsql
volatile
set plan_cache_mode = force_generic_plan
set enable_bitmapscan = off
as $$
declare
    v_row badges_internal.late_row;
    v_org_id text;
    v_week_origin date; -- the first day of some week there
    v_days date[]; -- the new ones
    v_free date[]; -- the base row's: new to each of the person's rows
    v_before date; -- the days beside it
    v_after date;
    v_defined badges_internal.stat_definitions;
    v_placed badges_internal.late_row[];
begin
    foreach v_row in array coalesce(p_rows, '{}') loop
        v_defined := null;
        if v_row.stat like '=%' then
            v_defined.activity_types := array[substr(v_row.stat, 2)];
        elsif v_row.stat <> '*' then
            v_defined := badges_internal._stat_definition(v_row.org_id, v_row.stat);
        end if;
        if v_row.dates <@ v_free and v_row.stat <> '*' then
            v_days := v_row.dates;
        else
            v_days := '{}';
            for n in 1 .. cardinality(v_row.dates) loop
                if v_row.counts[n] = (
                    select count(*)
                    from badges_internal._chosen_activities(
                        v_row.peer_mentor_id, v_row.org_id, v_defined.activity_types,
                        v_defined.route, v_row.bucket, v_row.dates[n], v_row.dates[n]
                    ) as found
                ) then
                    v_days := v_days || v_row.dates[n];
                end if;
            end loop;
        end if;
        v_row.dates := v_days;
        if v_row.stat = '*' then
            v_free := v_days;
        end if;
        if v_days <> '{}' and v_row.runs <> '{null,null,null}' then
            if v_row.org_id is distinct from v_org_id then
                v_org_id := v_row.org_id;
                v_week_origin := badges_internal._unit_day(
                    badges_internal._unit_in(v_org_id, 'week'), 0
                );
            end if;
            for n in 1 .. cardinality(v_days) loop
                select beside.day_before, beside.day_after
                into v_before, v_after
                from badges_internal._days_beside(
                    v_row.peer_mentor_id, v_row.org_id, v_defined.activity_types, v_defined.route,
                    v_row.bucket, v_days[n] - 1, v_days[n] + 1, '{}', v_days[n + 1:]
                ) as beside;
                v_row := badges_internal._place_late_day(
                    v_row, v_week_origin, v_defined.activity_types, v_defined.route, v_days[n],
                    v_before, v_after, '{}', v_days[n + 1:]
                );
            end loop;
        end if;
        if v_days <> '{}' then
            v_placed := v_placed || v_row;
        end if;
    end loop;
    if v_placed is not null then
        perform badges_internal._write_late_days(v_placed, false);
    end if;
end;
$$;

comment on function badges_internal._place_late_days(badges_internal.late_row[]) is
'Adds days before a row''s last day to its active days and runs.';
