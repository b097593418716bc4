-- Gives the part of the fold's statement that adds the activities up, days and runs included.
--
-- folded: what the activities bring to each row of the snapshot. days: its days.
create or replace function badges_internal._fold_days()
returns text
language sql
immutable
parallel safe
return $statement$
-- Each day that counts in a row of the snapshot, with its first moment.
days as materialized (
    select day.person_cell + wanted.stat_no as cell, '' as bucket, day.day_no, day.counted_at
    from type_days as day
    join wanted on wanted.kind_no = day.kind_no
    where wanted.stat like '=%'
    union all
    select day.person_cell + wanted.stat_no, '', day.day_no, min(day.counted_at)
    from type_days as day
    join wanted on wanted.kind_no = day.kind_no
    where wanted.is_plain
    and wanted.has_days
    and wanted.stat not like '=%'
    group by day.person_cell + wanted.stat_no, day.day_no
    union all
    select cell, bucket, activity_date - date '1900-01-01', min(occurred_at)
    from picked
    where has_days
    and not is_plain
    and bucket is not null
    group by cell, bucket, activity_date
),
-- Runs are ranges of unit numbers: those that adjoin become one.
spans as materialized (
    select
        joined.*,
        day.first_end as first_day_end, day.last_start as last_day_start,
        day.longest as longest_day_run,
        week.first_end as first_week_end, week.last_start as last_week_start,
        week.longest as longest_week_run,
        lower(joined.month_runs) as first_month, upper(joined.month_runs) - 1 as last_month,
        month.first_end as first_month_end, month.last_start as last_month_start,
        month.longest as longest_month_run
    from (
        select
            days.cell, days.bucket,
            range_agg(int4range(days.day_no, days.day_no + 1)) filter (where stats.has_day_run)
                as day_runs,
            range_agg(int4range(days.day_no / 7, days.day_no / 7 + 1))
                filter (where stats.has_week_run) as week_runs,
            range_agg(int4range(month.number, month.number + 1))
                filter (where stats.has_month_run) as month_runs
        from days
        join stats on stats.stat_no = (days.cell & 1048575)
        cross join lateral (
            select badges_internal._unit_number(
                'month', date '1900-01-01' + days.day_no
            ) as number
        ) as month
        where stats.has_day_run or stats.has_week_run or stats.has_month_run
        group by days.cell, days.bucket
    ) as joined
    cross join lateral (
        select
            min(upper(run)) - 1 as first_end, max(lower(run)) as last_start,
            max(upper(run) - lower(run)) as longest
        from unnest(joined.day_runs) as run
    ) as day
    cross join lateral (
        select
            min(upper(run)) - 1 as first_end, max(lower(run)) as last_start,
            max(upper(run) - lower(run)) as longest
        from unnest(joined.week_runs) as run
    ) as week
    cross join lateral (
        select
            min(upper(run)) - 1 as first_end, max(lower(run)) as last_start,
            max(upper(run) - lower(run)) as longest
        from unnest(joined.month_runs) as run
    ) as month
),
added as (
    select
        cell, bucket, activity_count, value_sum, value_max, value_min, first_at, last_at
    from parts
    where not has_elements
    and bucket is not null
    union all
    select
        cell, bucket, sum(activity_count)::bigint, sum(value_sum), max(value_max),
        min(value_min), min(first_at), max(last_at)
    from parts
    where has_elements
    and bucket is not null
    group by cell, bucket
    union all
    select
        part.person_cell + wanted.stat_no, '', sum(part.activity_count)::bigint,
        sum(part.value_sum), max(part.value_max), min(part.value_min), min(part.first_at),
        max(part.last_at)
    from type_parts as part
    join wanted on wanted.kind_no = part.kind_no
    where wanted.is_plain
    group by part.person_cell + wanted.stat_no
),
folded as (
    select
        added.*, counted.new_days, counted.first_day, counted.last_day, spans.first_day_end,
        spans.last_day_start, spans.longest_day_run, spans.first_week_end,
        spans.last_week_start, spans.longest_week_run, spans.first_month, spans.last_month,
        spans.first_month_end, spans.last_month_start, spans.longest_month_run
    from added
    left join (
        select
            cell, bucket, count(*)::integer as new_days, min(day_no) as first_day,
            max(day_no) as last_day
        from days
        group by cell, bucket
    ) as counted on counted.cell = added.cell and counted.bucket = added.bucket
    left join spans on spans.cell = added.cell and spans.bucket = added.bucket
),
$statement$;

comment on function badges_internal._fold_days() is
'Gives the part of the fold''s statement that adds the activities up, days and runs included.';
