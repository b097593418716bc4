-- Gives the part of the fold's statement that adds the activities up, days and runs included.
--
-- folded: what the activities bring to each row of the snapshot.
create or replace function badges_internal._fold_days()
returns text
language sql
immutable
parallel safe
return $statement$
-- Where days are asked for: each with the day before it in the same row of the snapshot. A part is
-- null for the lifetime: empty texts cost more to compare.
spaced as (
    select
        picked.*,
        lag(picked.day_no) over by_day as previous_day,
        lag(picked.month_no) over by_day as previous_month
    from (
        select
            picked.cell, nullif(picked.bucket, '') as part, picked.measured, picked.lowest,
            picked.occurred_at, picked.activity_date - date '1900-01-01' as day_no,
            badges_internal._unit_number('month', picked.activity_date) as month_no
        from picked
        where picked.has_days
        and picked.bucket is not null
    ) as picked
    window by_day as (partition by picked.cell, picked.part order by picked.day_no)
),
-- The unit each run began in: the newest start so far.
runs as (
    select
        spaced.*,
        max(case when previous_day is null or day_no > previous_day + 1 then day_no end)
            over by_day as day_start,
        max(case
            when previous_day is null or day_no / 7 > previous_day / 7 + 1 then day_no / 7
        end) over by_day as week_start,
        max(case when previous_day is null or month_no > previous_month + 1 then month_no end)
            over by_day as month_start
    from spaced
    window by_day as (
        partition by cell, part order by day_no rows between unbounded preceding and current row
    )
),
folded as (
    select
        cell,
        coalesce(part, '') as bucket,
        count(*) as activity_count,
        sum(measured) as value_sum,
        max(measured) as value_max,
        min(lowest) as value_min,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at,
        (count(*) - count(*) filter (where day_no = previous_day))::integer as new_days,
        min(day_no) as first_day,
        max(day_no) as last_day,
        coalesce(min(previous_day) filter (where day_no > previous_day + 1), max(day_no))
            as first_day_end,
        max(day_start) as last_day_start,
        max(day_no - day_start) + 1 as longest_day_run,
        coalesce(
            min(previous_day / 7) filter (where day_no / 7 > previous_day / 7 + 1), max(day_no) / 7
        ) as first_week_end,
        max(week_start) as last_week_start,
        max(day_no / 7 - week_start) + 1 as longest_week_run,
        min(month_no) as first_month,
        max(month_no) as last_month,
        coalesce(min(previous_month) filter (where month_no > previous_month + 1), max(month_no))
            as first_month_end,
        max(month_start) as last_month_start,
        max(month_no - month_start) + 1 as longest_month_run
    from runs
    group by cell, part
    union all
    select
        cell, bucket,
        sum(activity_count)::bigint, sum(value_sum), max(value_max), min(value_min),
        min(first_at), max(last_at),
        null, null, null, null, null, null, null, null, null, null, null, null, null, null
    from parts
    where not has_days
    and bucket is not null
    group by cell, bucket
),
$statement$;

comment on function badges_internal._fold_days() is
'Gives the part of the fold''s statement that adds the activities up, days and runs included.';
