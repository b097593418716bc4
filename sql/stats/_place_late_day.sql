-- Adds a late activity's day to the active days and runs of the rows it counts in.
--
-- The activity is in the table and in the rows' counts and sums. p_pending: activities that are in
-- the table and counted nowhere yet, which are not seen. Rows whose last day is not later, and rows
-- that keep no days, are left alone. Where nothing is pending, the base row notes that the table
-- was looked at; else the caller does in the end. Tells whether a row may have reached a threshold.
-- Days are read in the order of the index, never sorted: a run is read no further than its gap.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._place_late_day(
    p_late badges_internal.late_activity,
    p_pending bigint[]
)
returns boolean
language plpgsql
volatile
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_sort = off
as $$
declare
    v_person constant uuid := p_late.peer_mentor_id;
    v_org_id constant text := p_late.org_id;
    v_day constant date := p_late.activity_date;
    v_hidden constant bigint[] := p_late.activity_id || coalesce(p_pending, '{}');
    v_month constant integer := badges_internal._unit_number('month', v_day);
    -- Neighbours lie in the months beside the day's at most.
    v_from constant date := badges_internal._unit_day('month', v_month - 1);
    v_to constant date := badges_internal._unit_day('month', v_month + 2) - 1;
    v_part record;
    v_lengths integer[];
    v_last integer[];
    v_row_reached boolean;
    v_has_reached boolean := false;
begin
    for v_part in
        select
            part.stat, part.bucket, typed.types, defined.route, held.run_end,
            array[held.day_run, held.week_run, held.month_run] as held_runs,
            (
                select before.activity_date
                from badges_internal._chosen_activities(
                    v_person, v_org_id, typed.types, defined.route, part.bucket, v_from, v_day - 1
                ) as before
                where before.activity_id <> all (v_hidden)
                order by before.activity_date desc
                limit 1
            ) as date_before,
            (
                select after.activity_date
                from badges_internal._chosen_activities(
                    v_person, v_org_id, typed.types, defined.route, part.bucket, v_day + 1, v_to
                ) as after
                where after.activity_id <> all (v_hidden)
                order by after.activity_date
                limit 1
            ) as date_after,
            exists (
                select
                from badges_internal._chosen_activities(
                    v_person, v_org_id, typed.types, defined.route, part.bucket, v_day, v_day
                ) as other
                where other.activity_id <> all (v_hidden)
            ) as is_known
        from unnest(p_late.stats, p_late.buckets) as part (stat, bucket)
        -- Looked up by key, whatever statistics say.
        cross join lateral (
            select kept.run_end, kept.day_run, kept.week_run, kept.month_run
            from badges.peer_mentor_stats as kept
            where kept.peer_mentor_id = v_person
            and kept.org_id = v_org_id
            and kept.stat = part.stat
            and kept.bucket = part.bucket
            and kept.last_date > v_day
            limit 1
        ) as held
        left join lateral (
            select found.activity_types, found.route
            from badges_internal.stat_definitions as found
            where found.org_id = v_org_id
            and found.stat = part.stat
            limit 1
        ) as defined on true
        cross join lateral (
            select case
                when part.stat like '~%' then defined.activity_types
                when part.stat <> '*' then array[p_late.activity_type]
            end as types
        ) as typed
    loop
        v_lengths := null;
        v_last := null;
        if not v_part.is_known then
            select around.lengths, around.last
            into v_lengths, v_last
            from badges_internal._runs_around(
                v_person, v_org_id, v_part.types, v_part.route, v_part.bucket, v_hidden, v_day,
                v_part.date_before, v_part.date_after, v_part.run_end, v_part.held_runs
            ) as around;
        elsif v_part.stat <> '*' or p_pending is not null then
            continue;
        end if;
        update badges.peer_mentor_stats as held
        set
            active_days = active_days + case when v_part.is_known then 0 else 1 end,
            day_run = coalesce(v_last[1], day_run),
            week_run = coalesce(v_last[2], week_run),
            month_run = coalesce(v_last[3], month_run),
            longest_day_run = greatest(longest_day_run, v_lengths[1]),
            longest_week_run = greatest(longest_week_run, v_lengths[2]),
            longest_month_run = greatest(longest_month_run, v_lengths[3]),
            counted_in = case when held.stat = '*' and p_pending is null
                then pg_current_xact_id() else counted_in end,
            counted_upto = case when held.stat = '*' and p_pending is null
                then badges_internal._last_activity_id() else counted_upto end
        where held.peer_mentor_id = v_person
        and held.org_id = v_org_id
        and held.stat = v_part.stat
        and held.bucket = v_part.bucket
        returning badges_internal._has_reached(held)
        into v_row_reached;
        v_has_reached := v_has_reached or coalesce(v_row_reached, false);
    end loop;
    return v_has_reached;
end;
$$;

comment on function badges_internal._place_late_day(badges_internal.late_activity, bigint[]) is
'Adds a late activity''s day to the active days and runs of the rows it counts in.';
