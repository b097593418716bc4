-- Keeps the snapshot and awards badges after activities were inserted, by any writer.
--
-- A statement of up to thirty rows is counted row by row: one update takes the person's base row
-- first and adds to the row of every stat that chose the activity, and what it returns tells what
-- is left to do. More rows are folded by a fixed number of set-based statements: up to 500 by plans
-- that the session keeps, which cost more to make than to run, others by plans made for them.
--
-- Other statements may have counted some of these rows already: those of a function that ran inside
-- the insert, the update half of ON CONFLICT DO UPDATE, MERGE and writable CTEs. People whom such a
-- statement touched are rebuilt from the table, as are people of another version.
--
-- Locks:  the gate of the rules; base rows in key order, then the same people's other rows. Without
--         bitmaps, by which the update would take a person's rows as they stand in the table.
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements, badges.earned_badges,
--         badges.award_events.
-- Raises: 22023 for a moment over a day ahead, 23503 for an unknown organization.
create or replace function badges_internal._count_new_activities()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_person uuid;
    v_org text;
    v_type text;
    v_day date;
    v_at timestamptz;
    v_quantity numeric;
    v_attributes jsonb;
    v_id bigint;
    v_pending bigint[]; -- the person's activities that are not counted yet, null = no others
    v_has_more boolean;
    v_is_odd boolean; -- too far ahead, or perhaps with too large attributes
    v_rows refcursor;
    v_version integer;
    v_plain_stats text[];
    v_routes badges_internal.stat_route[];
    v_route badges_internal.stat_route;
    v_has_raw boolean;
    v_has_tenure boolean;
    v_lapse text; -- what badges that lapse do with the type
    v_origin date; -- the first day of some week
    v_late_is_simple boolean;
    v_stale_person uuid;
    v_stale_org text;
    v_all_counted badges_internal.counted_activity[];
    v_candidates badges_internal.candidate[];
    v_arrived record; -- this and what follows: of more than thirty rows
    v_begun badges_internal.begun_fold;
    v_few badges.activities[];
    v_planning text[];
    v_result badges_internal.fold_result;
begin
    -- The route is read with the row, under the gate: a statement less.
    select
        a.peer_mentor_id, a.org_id, a.activity_type, a.activity_date, a.occurred_at, a.quantity,
        a.attributes, a.activity_id, found.rule_set_version, found.plain_stats,
        found.checked_routes, found.has_raw, found.has_tenure, found.lapse_role, found.week_origin,
        found.late_is_simple, exists (select from new_activities offset 1),
        a.occurred_at > now() + interval '24 hours' or pg_column_size(a.attributes) > 1000
    into v_person, v_org, v_type, v_day, v_at, v_quantity, v_attributes, v_id, v_version,
        v_plain_stats, v_routes, v_has_raw, v_has_tenure, v_lapse, v_origin, v_late_is_simple,
        v_has_more, v_is_odd
    from new_activities as a
    left join badges_internal.activity_routes as found using (org_id, activity_type)
    where not exists (select from badges_internal.rule_gate for key share)
    limit 1;
    if v_has_more then
        perform badges_internal._refuse_activity(a.occurred_at, a.attributes)
        from new_activities as a
        where a.occurred_at > now() + interval '24 hours'
        or pg_column_size(a.attributes) > 1000;
        if exists (select from new_activities offset 30) then
            v_few := array(select a::badges.activities from new_activities as a limit 501);
            perform set_config('plan_cache_mode', 'auto', true) where cardinality(v_few) > 500;
            select
                array_agg(person.peer_mentor_id) as people, array_agg(person.org_id) as orgs,
                array_agg(person.activity_count) as counts, array_agg(person.first_id) as ids,
                array_agg(person.first_day) as first_days, array_agg(person.last_day) as last_days
            into v_arrived
            from (
                select
                    a.peer_mentor_id, a.org_id, count(*) as activity_count,
                    min(a.activity_id) as first_id, min(a.activity_date) as first_day,
                    max(a.activity_date) as last_day
                from new_activities as a
                group by a.peer_mentor_id, a.org_id
            ) as person;
            v_begun := badges_internal._begin_fold(v_arrived.people, v_arrived.orgs,
                v_arrived.counts, v_arrived.ids);
            if cardinality(v_few) <= 500 then
                v_result := badges_internal._fold_few(
                    null, v_begun.peer_mentor_ids, v_begun.org_ids, false, v_few
                );
            else
                v_planning := badges_internal._plan_for_sets();
                execute badges_internal._fold_statement()
                into v_result
                using null::text[], v_begun.peer_mentor_ids, v_begun.org_ids, false;
                perform badges_internal._plan_for_sets(v_planning);
            end if;
            perform badges_internal._finish_fold(
                v_arrived.people, v_arrived.orgs, v_arrived.first_days, v_arrived.last_days,
                v_begun, v_result, array(select distinct a.activity_type from new_activities as a
                    where badges_internal._has_apart(v_arrived.orgs))
            );
            return null;
        end if;
        open v_rows for
            select
                a.peer_mentor_id, a.org_id, a.activity_type, a.activity_date, a.occurred_at,
                a.quantity, a.attributes, a.activity_id, found.rule_set_version,
                found.plain_stats, found.checked_routes, found.has_raw, found.has_tenure,
                found.lapse_role, found.week_origin, found.late_is_simple,
                case when count(*) over (partition by a.peer_mentor_id) > 1
                    then coalesce(array_agg(a.activity_id) over later, '{}') end
            from new_activities as a
            left join badges_internal.activity_routes as found using (org_id, activity_type)
            window later as (
                partition by a.peer_mentor_id
                order by a.org_id, a.occurred_at, a.activity_id
                rows between 1 following and unbounded following
            )
            order by a.peer_mentor_id, a.org_id, a.occurred_at, a.activity_id;
        fetch v_rows
        into v_person, v_org, v_type, v_day, v_at, v_quantity, v_attributes, v_id, v_version,
            v_plain_stats, v_routes, v_has_raw, v_has_tenure, v_lapse, v_origin, v_late_is_simple,
            v_pending;
    elsif v_person is null then
        return null;
    elsif v_is_odd then
        perform badges_internal._refuse_activity(v_at, v_attributes);
    end if;
    loop
        declare
            v_stats text[];
            v_own_stats text[]; -- those with a bucket or a value of their own
            v_own_buckets text[];
            v_own_values numeric[];
            v_apart_stats text[]; -- tallies, units, windows, sequences
            v_apart_buckets text[];
            v_parts badges_internal.counted_parts;
            v_json jsonb;
            v_element text;
            v_element_stats text[]; -- stats that count distinct values
            v_element_buckets text[];
            v_elements text[];
            v_new_stats text[]; -- those to which the value is new
            v_unit_stats text[]; -- streaks of units in which one activity is enough
            v_day_stats text[]; -- those of days
            v_placed_stats text[]; -- those of which the update has placed the day
            v_bucket text;
            v_value numeric;
            v_is_negative boolean := v_quantity < 0;
            v_week date;
            v_month constant date := date_trunc('month', v_day::timestamp)::date;
            v_previous_month constant date := (v_month - interval '1 month')::date;
            v_found integer := 0;
            v_has_begun boolean := false;
            v_new_rows record;
            v_lapses boolean; -- something may
            v_base_version integer;
            v_last_at timestamptz;
            v_last_date date;
            v_upto bigint; -- to which activity this transaction has counted from the table
            v_is_touched boolean := false;
            v_is_outdated boolean; -- to be built
            v_has_reached boolean := false;
            v_row_version integer;
            v_row_at timestamptz;
            v_row_date date;
            v_row_upto bigint;
            v_row_reached boolean;
            v_row_stats text[];
            v_counted badges_internal.counted_activity;
        begin
            if v_version is null then
                -- No rule names the type; or no rule set the organization.
                select
                    found.rule_set_version, found.plain_stats, found.checked_routes, found.has_raw,
                    found.has_tenure, found.lapse_role, found.week_origin, found.late_is_simple
                into v_version, v_plain_stats, v_routes, v_has_raw, v_has_tenure, v_lapse, v_origin,
                    v_late_is_simple
                from badges_internal.activity_routes as found
                where (found.org_id, found.activity_type) = (v_org, '');
                v_version := coalesce(v_version, 0);
            end if;
            v_week := v_day - (v_day - v_origin) % 7;
            v_stats := array['*', '=' || v_type] || v_plain_stats;
            foreach v_route in array coalesce(v_routes, '{}') loop
                if v_route.predicate is not null then
                    continue when not badges_internal._is_chosen(
                        v_route.predicate, v_route.needs_quantity, v_route.needs_calendar,
                        v_route.clock_zone, v_attributes, v_quantity, v_day, v_at
                    );
                end if;
                if v_route.element_unit is not null and v_route.element_at_least is null then
                    v_stats := v_stats || v_route.stat;
                    v_unit_stats := v_unit_stats || v_route.stat;
                    if v_route.element_unit = 'day' then
                        v_day_stats := v_day_stats || v_route.stat;
                    end if;
                    continue;
                end if;
                v_bucket := '';
                if v_route.per_field is not null then
                    v_bucket := badges_internal._bucket(
                        v_route.per_field, v_route.window_unit, v_attributes, v_quantity, v_day
                    );
                    continue when v_bucket is null;
                elsif v_route.window_unit is not null then
                    v_bucket := badges_internal._unit_key(v_route.window_unit, v_day);
                end if;
                if v_route.sequence_size is not null then
                    v_apart_stats := v_apart_stats || v_route.stat;
                    v_apart_buckets := v_apart_buckets || v_bucket;
                    continue;
                end if;
                v_value := v_quantity;
                if v_route.value_field is not null then
                    v_value := badges_internal._number(
                        badges_internal._attribute(v_attributes, v_quantity, v_route.value_field)
                    );
                    v_is_negative := v_is_negative or coalesce(v_value < 0, false);
                end if;
                if coalesce(v_route.rolling_days, v_route.element_at_least) is not null then
                    v_apart_stats := v_apart_stats || v_route.stat;
                    v_apart_buckets := v_apart_buckets || v_bucket;
                    continue when v_route.rolling_days is not null;
                elsif v_route.element_field is not null then
                    v_json := badges_internal._attribute(
                        v_attributes, v_quantity, v_route.element_field
                    );
                    v_element := badges_internal._scalar_text(v_json);
                    if v_element is not null then
                        v_element_stats := v_element_stats || v_route.stat;
                        v_element_buckets := v_element_buckets || v_bucket;
                        v_elements := v_elements || v_element;
                    end if;
                end if;
                if v_bucket <> '' or v_route.value_field is not null then
                    v_own_stats := v_own_stats || v_route.stat;
                    v_own_buckets := v_own_buckets || v_bucket;
                    v_own_values := v_own_values || v_value;
                else
                    v_stats := v_stats || v_route.stat;
                end if;
            end loop;
            for v_row_version, v_row_at, v_row_date, v_row_upto, v_row_reached, v_row_stats in
                update badges.peer_mentor_stats as held
                set
                    activity_count = activity_count + 1,
                    value_sum = value_sum + coalesce(
                        case when held.stat = any(v_own_stats)
                            then v_own_values[array_position(v_own_stats, held.stat)]
                            else v_quantity end,
                        0
                    ),
                    value_max = greatest(
                        value_max,
                        case when held.stat = any(v_own_stats)
                            then v_own_values[array_position(v_own_stats, held.stat)]
                            else v_quantity end
                    ),
                    -- A column that is null is not kept, and stays so.
                    active_days = active_days + case when last_date < v_day then 1 else 0 end,
                    -- Stored days: one that is beside the last goes on whatever is excused.
                    distinct_count = distinct_count + case
                        when run_end = v_day - 1 and held.stat = any(v_day_stats) then 1 else 0
                    end,
                    day_run = case
                        when last_date = v_day - 1 then day_run + 1
                        when last_date < v_day then day_run - day_run + 1
                        when run_end = v_day - 1 and held.stat = any(v_day_stats) then day_run + 1
                        else day_run
                    end,
                    longest_day_run = case
                        when last_date = v_day - 1
                            or run_end = v_day - 1 and held.stat = any(v_day_stats)
                            then greatest(longest_day_run, day_run + 1)
                        else longest_day_run
                    end,
                    week_run = badges_internal._run_with(week_run, last_date, v_week, v_week - 7),
                    longest_week_run = case
                        when last_date < v_week and last_date >= v_week - 7
                            then greatest(longest_week_run, week_run + 1)
                        else longest_week_run
                    end,
                    month_run = badges_internal._run_with(
                        month_run, last_date, v_month, v_previous_month
                    ),
                    longest_month_run = case
                        when last_date < v_month and last_date >= v_previous_month
                            then greatest(longest_month_run, month_run + 1)
                        else longest_month_run
                    end,
                    run_end = case
                        when last_date < v_day
                            or run_end = v_day - 1 and held.stat = any(v_day_stats) then v_day
                        else run_end
                    end,
                    first_at = least(first_at, v_at),
                    last_at = greatest(last_at, v_at),
                    last_date = case when last_date < v_day then v_day else last_date end
                where (held.peer_mentor_id, held.org_id) = (v_person, v_org)
                and held.stat = any(v_stats || v_own_stats)
                and held.bucket = any(''::text || v_own_buckets)
                and held.bucket
                    = coalesce(v_own_buckets[array_position(v_own_stats, held.stat)], '')
                -- A base row without activities was written by a decision by hand.
                and held.activity_count > 0
                returning
                    rule_set_version, last_at, last_date,
                    case when counted_in = pg_current_xact_id() then counted_upto end,
                    badges_internal._has_reached(held),
                    case when run_end = v_day and held.stat = any(v_day_stats) then array[stat] end
            loop
                v_found := v_found + 1;
                v_placed_stats := v_placed_stats || v_row_stats;
                if v_row_version is not null then
                    v_base_version := v_row_version;
                    v_last_at := v_row_at;
                    v_last_date := v_row_date;
                    v_upto := v_row_upto;
                end if;
                v_has_reached := v_has_reached or v_row_reached is true;
            end loop;
            if v_base_version is null then
                v_has_begun := true;
                v_new_rows := badges_internal._begin_person(
                    v_person, v_org, v_at, v_day, v_quantity, v_id, v_pending, v_version
                );
                v_is_touched := not v_new_rows.is_first;
                v_has_reached := v_new_rows.has_reached;
                v_found := 1;
            elsif v_base_version <> v_version and v_pending is not null then
                v_is_touched := true;
            elsif v_upto is not null then
                v_is_touched := badges_internal._is_touched(v_id, v_upto);
            end if;
            if not v_is_touched then
                if v_found < cardinality(v_stats || v_own_stats) then
                    v_new_rows := badges_internal._begin_stats(
                        v_person, v_org, v_stats || v_own_stats, v_own_stats, v_own_buckets,
                        v_own_values, v_at, v_day, v_quantity, null, false
                    );
                    v_found := v_found + v_new_rows.row_count;
                    v_has_reached := v_has_reached or v_new_rows.has_reached;
                    v_has_begun := true;
                    -- A row that another session began while this one waited is in neither.
                    v_is_touched := v_found < cardinality(v_stats || v_own_stats);
                end if;
                if v_elements is not null then
                    v_new_stats := badges_internal._store_elements(
                        v_person, v_org, v_element_stats, v_element_buckets, v_elements
                    );
                end if;
                if v_unit_stats is not null then
                    v_apart_stats := v_apart_stats || badges_internal._store_units(
                        v_person, v_org, v_routes, v_unit_stats, v_placed_stats, v_day
                    );
                end if;
                if v_apart_stats is not null then
                    v_parts := badges_internal._count_parts(
                        v_person, v_org, v_routes, v_apart_stats, v_apart_buckets, v_attributes,
                        v_quantity, v_day, v_at, v_id, v_pending, v_last_at > v_at is true
                    );
                end if;
            end if;
            if v_base_version <> v_version then
                v_is_outdated := v_has_reached or v_is_negative or v_has_raw or v_last_at > v_at
                    or not badges_internal._is_left_to_backfill(
                        v_org, v_stats || v_own_stats, v_base_version
                    );
            end if;
            if v_lapse is not null then
                v_lapses := v_has_begun
                    or v_last_at = v_at and badges_internal._may_touch_lapse(
                        v_person, v_org, v_day, v_at, v_stats || v_own_stats || v_parts.stats,
                        v_lapse, v_at, false, v_pending
                    );
            end if;
            if v_is_touched or v_is_outdated or v_last_at > v_at or v_last_date > v_day
                or v_new_stats is not null or v_parts.is_left or v_is_negative or v_has_raw
                or v_has_tenure or v_lapses or v_has_reached and v_pending is not null
            then
                v_counted := badges_internal._count_rest(
                    row(v_person, v_org, v_type, v_day, v_at, v_quantity, v_attributes, v_id),
                    v_pending, v_stats, v_own_stats, v_own_buckets, v_own_values, v_new_stats,
                    v_parts, v_last_at, v_last_date, v_is_touched, v_has_begun, v_has_reached,
                    v_is_negative, v_has_raw, v_has_tenure, v_lapse, v_lapses,
                    v_is_outdated is true, v_late_is_simple is true, v_origin
                );
                if v_counted.peer_mentor_id is not null then
                    v_all_counted := v_all_counted || v_counted;
                end if;
            elsif v_has_reached then
                v_candidates := v_candidates || badges_internal._award_reached(v_person, v_org,
                    v_stats || v_own_stats, array_fill(''::text, array[cardinality(v_stats)])
                        || v_own_buckets, v_at, v_id, null);
            end if;
            exit when not v_has_more;
            -- Who is to be rebuilt from the table needs no more counting.
            if v_is_touched then
                v_stale_person := v_person;
                v_stale_org := v_org;
            end if;
            loop
                fetch v_rows
                into v_person, v_org, v_type, v_day, v_at, v_quantity, v_attributes, v_id,
                    v_version, v_plain_stats, v_routes, v_has_raw, v_has_tenure, v_lapse, v_origin,
                    v_late_is_simple, v_pending;
                exit when not found
                or (v_person, v_org) is distinct from (v_stale_person, v_stale_org);
            end loop;
            exit when not found;
        end;
    end loop;
    if v_has_more then
        close v_rows;
    end if;
    if v_all_counted is not null or v_candidates is not null then
        perform badges_internal._finish_counted(v_all_counted, v_candidates);
    end if;
    return null;
end;
$$;

comment on function badges_internal._count_new_activities() is
'Keeps the snapshot and awards badges after activities were inserted, by any writer.';

-- Between what all names lie is said for the planner, which takes the stats for one then.
select badges_internal._join_before_17(
    'badges_internal._count_new_activities()',
    $listed$
                where (held.peer_mentor_id, held.org_id) = (v_person, v_org)
                and held.stat = any(v_stats || v_own_stats)
                and held.bucket = any(''::text || v_own_buckets)
                and held.bucket
                    = coalesce(v_own_buckets[array_position(v_own_stats, held.stat)], '')
$listed$,
    $joined$
                from unnest(v_stats || v_own_stats) as wanted (name)
                where (held.peer_mentor_id, held.org_id) = (v_person, v_org)
                and held.stat = wanted.name
                and held.bucket
                    = coalesce(v_own_buckets[array_position(v_own_stats, wanted.name)], '')
                and wanted.name collate "C" between '*' and '~~'
$joined$
);

create or replace trigger count_new_activities
after insert on badges.activities
referencing new table as new_activities
for each statement execute function badges_internal._count_new_activities();
