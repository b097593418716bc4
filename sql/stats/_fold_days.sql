-- Gives the part of the fold's statement that adds the activities up, days and runs included.
--
-- typed: by person and type. folded: what comes to each row of the snapshot. spans: its runs.
create or replace function badges_internal._fold_days()
returns text
language sql
immutable
parallel safe
return $statement$
-- Each person's activities of a type, in their order.
typed as materialized (
    select
        (kind_cell >> 20) << 20 as person_cell,
        kind_cell & 1048575 as kind_no,
        count(*) as activity_count,
        sum(quantity) as value_sum,
        max(quantity) as value_max, min(quantity) as value_min,
        count(distinct activity_date)::integer as new_days,
        min(activity_date) - date '1900-01-01' as first_day,
        max(activity_date) - date '1900-01-01' as last_day,
        array_agg(occurred_at order by occurred_at, activity_id) as moments,
        array_agg(activity_id order by occurred_at, activity_id) as activity_ids
    from (
        select a.*, a.person_no * 1048576::bigint + kind.kind_no as kind_cell
        from arrived as a
        join (select distinct org_id, activity_type, kind_no from wanted where is_plain) as kind
            using (org_id, activity_type)
        offset 0
    ) as a
    group by kind_cell
),
-- Days of a row that more than one type counts in, or that keeps runs. Runs are ranges of unit
-- numbers: those that adjoin become one.
spans as materialized (
    select
        joined.*, run.*,
        lower(joined.week_runs) as first_week, upper(joined.week_runs) - 1 as last_week,
        lower(joined.month_runs) as first_month, upper(joined.month_runs) - 1 as last_month
    from (
        select
            cell,
            coalesce(part, '') as bucket,
            count(distinct day_no)::integer as listed_days,
            min(day_no) as first_listed,
            max(day_no) as last_listed,
            range_agg(int4range(day_no, day_no + 1)) filter (where has_day_run) as day_runs,
            range_agg(int4range(week_no, week_no + 1)) filter (where has_week_run) as week_runs,
            range_agg(int4range(month_no, month_no + 1)) filter (where has_month_run) as month_runs
        from (
            select
                cell, nullif(bucket, '') as part, has_day_run, has_week_run, has_month_run,
                activity_date - date '1900-01-01' as day_no,
                case when has_week_run then badges_internal._unit_number(week_unit, activity_date)
                    end as week_no,
                case when has_month_run then badges_internal._unit_number('month', activity_date)
                    end as month_no
            from picked
            where has_days and bucket is not null
            and (has_runs or not is_single)
            offset 0
        ) as day
        group by cell, part
    ) as joined
    cross join lateral (
        select
            min(upper(day)) - 1 as first_day_end, max(lower(day)) as last_day_start,
            max(upper(day) - lower(day)) as longest_day_run,
            min(upper(week)) - 1 as first_week_end, max(lower(week)) as last_week_start,
            max(upper(week) - lower(week)) as longest_week_run,
            min(upper(month)) - 1 as first_month_end, max(lower(month)) as last_month_start,
            max(upper(month) - lower(month)) as longest_month_run
        from (
            select
                unnest(joined.day_runs) as day, unnest(joined.week_runs) as week,
                unnest(joined.month_runs) as month
        ) as runs
    ) as run
),
added as (
    select
        cell, bucket, activity_count, value_sum, value_max, value_min, first_at, last_at,
        null::bigint as delta, null::integer as typed_days, null::integer as first_typed,
        null::integer as last_typed
    from parts
    where not has_elements
    union all
    select
        cell, bucket, sum(activity_count)::bigint, sum(value_sum), max(value_max),
        min(value_min), min(first_at), max(last_at), min(changed.delta), null, null, null
    from parts
    left join changed using (cell, bucket)
    where has_elements
    group by cell, bucket
    union all
    select
        typed.person_cell + wanted.stat_no, '', typed.activity_count, typed.value_sum,
        typed.value_max, typed.value_min, typed.moments[1], typed.moments[typed.activity_count],
        null, case when wanted.has_days then typed.new_days end,
        case when wanted.has_days then typed.first_day end,
        case when wanted.has_days then typed.last_day end
    from typed
    join wanted on wanted.kind_no = typed.kind_no
    where wanted.is_single
    union all
    select
        typed.person_cell + wanted.stat_no, '', sum(typed.activity_count)::bigint,
        sum(typed.value_sum), max(typed.value_max), min(typed.value_min),
        min(typed.moments[1]), max(typed.moments[typed.activity_count]), null, null, null, null
    from typed
    join wanted on wanted.kind_no = typed.kind_no
    where wanted.is_plain
    and not wanted.is_single
    group by typed.person_cell + wanted.stat_no
),
folded as (
    select *, (cell >> 20)::integer as person_no, coalesce(typed_days, listed_days) as new_days,
        coalesce(first_typed, first_listed) as first_day,
        coalesce(last_typed, last_listed) as last_day
    from added left join spans using (cell, bucket)
),
$statement$;

comment on function badges_internal._fold_days() is
'Gives the part of the fold''s statement that adds the activities up, days and runs included.';
