-- Adds days before a row's last day to its active days and runs, and tells if one reached enough.
--
-- The activities are in the table and in the rows' counts. A day is new when it holds no other
-- activity of the row than the given number; a unit, when it holds new days only. p_pending:
-- activities that are counted nowhere yet, which are not seen; null = there are none, and the base
-- row notes that the table was looked at. Rows that keep no days are left alone. Many small
-- statements: setting up a large one costs more than all of them.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._place_late_days(
    p_days badges_internal.late_day[],
    p_pending bigint[]
)
returns boolean
language plpgsql
volatile
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_units constant text[] := '{day,week,month}';
    v_hidden constant bigint[] := coalesce(p_pending, '{}');
    v_part record;
    v_days date[];
    v_defined badges_internal.stat_definitions;
    v_number integer;
    v_seen integer[]; -- new units that were looked around
    v_held_last integer;
    v_run record; -- the run around one
    v_end integer; -- the row's last unit
    v_is_noted boolean;
    v_runs integer[];
    v_longest integer[];
    v_row_reached boolean;
    v_has_reached boolean := false;
begin
    for v_part in
        select
            day.peer_mentor_id, day.org_id, day.stat, day.bucket, held.last_date, held.run_end,
            array[held.day_run, held.week_run, held.month_run] as runs,
            array_agg(day.activity_date) as dates, array_agg(day.activity_count) as counts
        from unnest(p_days) as day
        join badges.peer_mentor_stats as held
            on held.peer_mentor_id = day.peer_mentor_id
            and held.org_id = day.org_id
            and held.stat = day.stat
            and held.bucket = day.bucket
            -- A statement of many rows leaves run_end behind until its days are placed.
            and (day.activity_date < held.last_date or held.run_end < held.last_date)
        group by
            day.peer_mentor_id, day.org_id, day.stat, day.bucket, held.last_date, held.run_end,
            held.day_run, held.week_run, held.month_run
    loop
        v_defined := null;
        if v_part.stat like '=%' then
            v_defined.activity_types := array[substr(v_part.stat, 2)];
        elsif v_part.stat <> '*' then
            v_defined := badges_internal._stat_definition(v_part.org_id, v_part.stat);
        end if;
        v_days := null;
        for n in 1 .. cardinality(v_part.dates) loop
            if v_part.counts[n] = (
                select count(*)
                from badges_internal._chosen_activities(
                    v_part.peer_mentor_id, v_part.org_id, v_defined.activity_types,
                    v_defined.route, v_part.bucket, v_part.dates[n], v_part.dates[n]
                ) as found
                where found.activity_id <> all (v_hidden)
            ) then
                v_days := v_days || v_part.dates[n];
            end if;
        end loop;
        v_is_noted := v_part.stat = '*' and p_pending is null;
        continue when v_days is null and not v_is_noted;
        v_runs := '{null,null,null}';
        v_longest := '{null,null,null}';
        for n in 1 .. 3 loop
            continue when v_part.runs[n] is null or v_days is null;
            v_seen := '{}';
            v_held_last := badges_internal._unit_number(v_units[n], v_part.run_end);
            v_end := badges_internal._unit_number(v_units[n], v_part.last_date);
            for m in 1 .. cardinality(v_days) loop
                v_number := badges_internal._unit_number(v_units[n], v_days[m]);
                continue when v_number = any(v_seen);
                v_seen := v_seen || v_number;
                v_run := badges_internal._active_run(
                    v_part.peer_mentor_id, v_part.org_id, v_defined.activity_types,
                    v_defined.route, v_part.bucket, v_hidden, v_units[n], v_number, v_days,
                    v_held_last - v_part.runs[n] + 1, v_held_last
                );
                v_longest[n] := greatest(v_longest[n], v_run.last_unit - v_run.first_unit + 1);
                if v_run.last_unit = v_end then
                    v_runs[n] := v_run.last_unit - v_run.first_unit + 1;
                end if;
            end loop;
        end loop;
        update badges.peer_mentor_stats as held
        set
            active_days = active_days + coalesce(cardinality(v_days), 0),
            day_run = coalesce(v_runs[1], day_run),
            week_run = coalesce(v_runs[2], week_run),
            month_run = coalesce(v_runs[3], month_run),
            longest_day_run = greatest(longest_day_run, v_longest[1]),
            longest_week_run = greatest(longest_week_run, v_longest[2]),
            longest_month_run = greatest(longest_month_run, v_longest[3]),
            run_end = last_date,
            counted_in = case when v_is_noted then pg_current_xact_id() else counted_in end,
            counted_upto = case when v_is_noted then badges_internal._last_activity_id()
                else counted_upto end
        where held.peer_mentor_id = v_part.peer_mentor_id
        and held.org_id = v_part.org_id
        and held.stat = v_part.stat
        and held.bucket = v_part.bucket
        returning badges_internal._has_reached(held)
        into v_row_reached;
        v_has_reached := v_has_reached or v_row_reached is true;
    end loop;
    return v_has_reached;
end;
$$;
