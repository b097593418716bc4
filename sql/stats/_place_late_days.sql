-- Brings active days and runs up to date for rows that got days before their last day.
--
-- The activities are in the table already. A day is new when it holds no other selected activity
-- than the statement's own.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._place_late_days(p_days badges_internal.late_day[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    with new_days as (
        select day.*, held as stats
        from unnest(p_days) as day
        join badges.peer_mentor_stats as held
            on held.peer_mentor_id = day.peer_mentor_id
            and held.org_id = day.org_id
            and held.stat = day.stat
            and held.bucket = day.bucket
        where day.activity_count = (
            select count(*)
            from badges_internal._selected_activities(
                array[day.peer_mentor_id], day.org_id, day.stat, day.bucket,
                day.activity_date, day.activity_date
            )
        )
    ),
    runs as (
        select
            new_days.peer_mentor_id, new_days.org_id, new_days.stat, new_days.bucket, unit.name,
            max(run.last_unit - run.first_unit + 1) as longest_run,
            max(run.last_unit - run.first_unit + 1) filter (
                where run.last_unit
                    = badges_internal._unit_number(unit.name, (new_days.stats).last_date)
            ) as current_run
        from new_days
        cross join lateral (values
            ('day', (new_days.stats).day_run),
            ('week', (new_days.stats).week_run),
            ('month', (new_days.stats).month_run)
        ) as unit (name, held_run)
        cross join lateral badges_internal._run_around(
            new_days.stats, unit.name, new_days.activity_date
        ) as run
        where unit.held_run is not null
        group by
            new_days.peer_mentor_id, new_days.org_id, new_days.stat, new_days.bucket, unit.name
    ),
    placed as (
        select
            counted.*,
            day.longest_run as longest_day_run, day.current_run as day_run,
            week.longest_run as longest_week_run, week.current_run as week_run,
            month.longest_run as longest_month_run, month.current_run as month_run
        from (
            select peer_mentor_id, org_id, stat, bucket, count(*) as day_count
            from new_days
            group by peer_mentor_id, org_id, stat, bucket
        ) as counted
        left join runs as day
            on (day.peer_mentor_id, day.org_id, day.stat, day.bucket)
                = (counted.peer_mentor_id, counted.org_id, counted.stat, counted.bucket)
            and day.name = 'day'
        left join runs as week
            on (week.peer_mentor_id, week.org_id, week.stat, week.bucket)
                = (counted.peer_mentor_id, counted.org_id, counted.stat, counted.bucket)
            and week.name = 'week'
        left join runs as month
            on (month.peer_mentor_id, month.org_id, month.stat, month.bucket)
                = (counted.peer_mentor_id, counted.org_id, counted.stat, counted.bucket)
            and month.name = 'month'
    )
    update badges.peer_mentor_stats as held
    set
        active_days = held.active_days + placed.day_count,
        day_run = coalesce(placed.day_run, held.day_run),
        week_run = coalesce(placed.week_run, held.week_run),
        month_run = coalesce(placed.month_run, held.month_run),
        longest_day_run = greatest(held.longest_day_run, placed.longest_day_run),
        longest_week_run = greatest(held.longest_week_run, placed.longest_week_run),
        longest_month_run = greatest(held.longest_month_run, placed.longest_month_run),
        run_end = held.last_date
    from placed
    where held.peer_mentor_id = placed.peer_mentor_id
    and held.org_id = placed.org_id
    and held.stat = placed.stat
    and held.bucket = placed.bucket;
end;
$$;

comment on function badges_internal._place_late_days(badges_internal.late_day[]) is
'Brings active days and runs up to date for rows that got days before their last day.';
