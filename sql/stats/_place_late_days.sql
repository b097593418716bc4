-- Adds days before a row's last day to its active days and runs, and tells if one reached enough.
--
-- p_rows: by person, each with its base row, that first. The activities are in the table and in the
-- rows' counts. A day is new when it holds no other activity of the row; new days are placed one
-- after the other, each among those that stand. p_pending: activities that are counted nowhere yet,
-- which are not seen; null = there are none, and the base row notes that the table was looked at.
-- Many small statements: setting up a large one costs more than all of them.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._place_late_days(
    p_rows badges_internal.late_row[],
    p_pending bigint[]
)
returns boolean
language plpgsql
volatile
set plan_cache_mode = force_generic_plan
set enable_bitmapscan = off
as $$
declare
    v_hidden constant bigint[] := coalesce(p_pending, '{}');
    v_row badges_internal.late_row;
    v_org_id text;
    v_week text; -- as that organization counts weeks
    v_days date[]; -- the new ones
    v_free date[]; -- the base row's: new to each of the person's rows
    v_defined badges_internal.stat_definitions;
    v_placed badges_internal.late_row[];
    v_row_reached boolean;
    v_has_reached boolean := false;
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
                    where found.activity_id <> all (v_hidden)
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
                v_week := badges_internal._unit_in(v_org_id, 'week');
            end if;
            for n in 1 .. cardinality(v_days) loop
                v_row := badges_internal._place_late_day(
                    v_row, array['day', v_week, 'month'], v_defined.activity_types,
                    v_defined.route, v_days[n], v_hidden, v_days[n + 1:]
                );
            end loop;
        end if;
        if v_days <> '{}' or v_row.stat = '*' and p_pending is null then
            v_placed := v_placed || v_row;
        end if;
    end loop;
    if v_placed is null then
        return false;
    end if;
    for v_row_reached in
        update badges.peer_mentor_stats as held
        set
            active_days = active_days + cardinality(placed.dates),
            day_run = coalesce(placed.new_runs[1], day_run),
            week_run = coalesce(placed.new_runs[2], week_run),
            month_run = coalesce(placed.new_runs[3], month_run),
            longest_day_run = greatest(longest_day_run, placed.longest_runs[1]),
            longest_week_run = greatest(longest_week_run, placed.longest_runs[2]),
            longest_month_run = greatest(longest_month_run, placed.longest_runs[3]),
            run_end = held.last_date,
            counted_in = case when placed.stat = '*' and p_pending is null
                then pg_current_xact_id() else counted_in end,
            counted_upto = case when placed.stat = '*' and p_pending is null
                then badges_internal._last_activity_id() else counted_upto end
        from unnest(v_placed) as placed
        where held.peer_mentor_id = placed.peer_mentor_id
        and held.org_id = placed.org_id
        and held.stat = placed.stat
        and held.bucket = placed.bucket
        returning badges_internal._has_reached(held)
    loop
        v_has_reached := v_has_reached or v_row_reached is true;
    end loop;
    return v_has_reached;
end;
$$;

comment on function badges_internal._place_late_days(badges_internal.late_row[], bigint[]) is
'Adds days before a row''s last day to its active days and runs, and tells if one reached enough.';
