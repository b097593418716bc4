-- Places an activity of an earlier day in the days and runs of rows it counts in or excuses in.
--
-- stats, buckets: the rows it counts in, by pairs; those of which it is no day before the last are
-- left alone. Rows of streaks of which it excuses a unit are added. p_pending: activities that are
-- counted nowhere yet, which are not seen; null = there are none, and the base row notes that the
-- table was looked at. p_week_origin, p_is_simple: docs of _save_routes; it excuses nothing then.
-- _place_late_days does the same for many.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._place_late_activity(
    p_new badges_internal.new_activity,
    p_pending bigint[],
    inout stats text[],
    inout buckets text[],
    p_week_origin date,
    p_is_simple boolean,
    out has_reached boolean
)
language plpgsql
volatile
as $$
declare
    v_person constant uuid := p_new.peer_mentor_id;
    v_org_id constant text := p_new.org_id;
    v_day constant date := p_new.activity_date;
    v_hidden constant bigint[] := p_new.activity_id || p_pending;
    v_place tid;
    v_stat text;
    v_bucket text;
    v_last_date date;
    v_run_end date;
    v_runs integer[];
    v_is_new boolean; -- the day, to this row
    v_before date;
    v_after date;
    v_types text[];
    v_route badges_internal.stat_route;
    v_defined badges_internal.stat_definitions;
    v_row badges_internal.late_row;
    v_placed badges_internal.late_row[];
    v_excused record;
begin
    has_reached := false;
    for v_place, v_stat, v_bucket, v_last_date, v_run_end, v_runs, v_before, v_after in
        select
            held.ctid, held.stat, held.bucket, held.last_date, held.run_end,
            array[held.day_run, held.week_run, held.month_run], beside.day_before, beside.day_after
        from badges_internal._days_beside(
            v_person, v_org_id, null, null, '', v_day, v_day + 1, v_hidden, '{}'
        ) as beside
        join badges.peer_mentor_stats as held
            on held.peer_mentor_id = v_person
            and held.org_id = v_org_id
            and held.stat = any(stats)
            and held.bucket = any(buckets)
            and held.bucket = buckets[array_position(stats, held.stat)]
            and held.last_date > v_day
    loop
        v_is_new := v_before is distinct from v_day;
        v_types := null;
        v_route := null;
        -- A day that is new to the person is new to each row.
        if v_stat <> '*' and (not v_is_new or v_runs <> '{null,null,null}') then
            if v_stat like '=%' then
                v_types := array[substr(v_stat, 2)];
            else
                v_defined := badges_internal._stat_definition(v_org_id, v_stat);
                v_types := v_defined.activity_types;
                v_route := v_defined.route;
            end if;
            select beside.day_before, beside.day_after
            into v_before, v_after
            from badges_internal._days_beside(
                v_person, v_org_id, v_types, v_route, v_bucket, v_day, v_day + 1, v_hidden, '{}'
            ) as beside;
            v_is_new := v_before is distinct from v_day;
        end if;
        continue when not (v_is_new or v_stat = '*' and p_pending is null);
        v_row := row(v_person, v_org_id, v_stat, v_bucket, v_last_date, v_run_end, v_runs,
            case when v_is_new then array[v_day] else '{}' end, null, null, null, v_place);
        if v_is_new and v_runs <> '{null,null,null}' then
            v_row := badges_internal._place_late_day(v_row, p_week_origin, v_types, v_route, v_day,
                v_before, v_after, v_hidden, '{}');
        end if;
        v_placed := v_placed || v_row;
    end loop;
    if v_placed is not null then
        has_reached := badges_internal._write_late_days(v_placed, p_pending is null);
    end if;
    if p_is_simple then
        return;
    end if;
    v_excused := badges_internal._excuse_units(p_new);
    if v_excused.stats is not null then
        stats := stats || v_excused.stats;
        buckets := buckets || array_fill(''::text, array[cardinality(v_excused.stats)]);
        has_reached := has_reached or v_excused.has_reached;
    end if;
end;
$$;

comment on function badges_internal._place_late_activity(
    badges_internal.new_activity, bigint[], text[], text[], date, boolean
) is
'Places an activity of an earlier day in the days and runs of rows it counts in or excuses in.';

select badges_internal._join_before_17(
    'badges_internal._place_late_activity(
        badges_internal.new_activity, bigint[], text[], text[], date, boolean
    )',
    $listed$
        join badges.peer_mentor_stats as held
            on held.peer_mentor_id = v_person
            and held.org_id = v_org_id
            and held.stat = any(stats)
            and held.bucket = any(buckets)
            and held.bucket = buckets[array_position(stats, held.stat)]
$listed$,
    $joined$
        cross join unnest(stats) with ordinality as wanted (name, place)
        join badges.peer_mentor_stats as held
            on held.peer_mentor_id = v_person
            and held.org_id = v_org_id
            and held.stat = wanted.name
            and held.bucket = buckets[wanted.place]
            and wanted.place = array_position(stats, wanted.name)
$joined$
);
