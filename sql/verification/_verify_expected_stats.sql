-- Recomputes every row of the snapshot from the activities.
--
-- A streak with units of its own counts runs of the units that reached their target, each standing
-- on its first day. The row of a rolling window has the best window's value, each measure for
-- itself. Runs are null where no rule asks for them.
create or replace function badges_internal._verify_expected_stats(
    p_scope badges_internal.verified_scope
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    counted_elements text[],
    activity_count bigint,
    value_sum numeric,
    value_max numeric,
    has_negative boolean,
    active_days bigint,
    distinct_count integer,
    day_run bigint,
    week_run bigint,
    month_run bigint,
    longest_day_run bigint,
    longest_week_run bigint,
    longest_month_run bigint,
    run_end date,
    first_at timestamptz,
    last_at timestamptz,
    last_date date
)
language sql
stable
parallel safe
begin atomic
    with folded as materialized (
        select
            choice.peer_mentor_id,
            choice.number,
            choice.window_date,
            choice.per_value,
            choice.element,
            -- Where nobody asks for days the part is folded at once.
            case
                when choice.rolling_days is not null or choice.element_measure = 'active_days'
                    then choice.activity_date
            end as activity_date,
            count(*) as activity_count,
            sum(choice.value) as value_sum,
            max(choice.value) as value_max,
            coalesce(bool_or(choice.value < 0), false) as has_negative,
            sum(choice.element_amount) as element_amount,
            min(choice.occurred_at) as first_at,
            max(choice.occurred_at) as last_at
        from badges_internal._verify_choices(p_scope, null) as choice
        where not choice.is_dated or choice.element_measure is not null
        group by 1, 2, 3, 4, 5, 6
    ), element_lists as materialized (
        select
            tally.peer_mentor_id, tally.number, tally.window_date, tally.per_value,
            array_agg(tally.element) as counted_elements,
            array_agg(tally.element::date) filter (where stat.element_unit is not null) as units,
            max(tally.element::date) filter (where stat.element_unit is not null) as last_unit
        from (
            select
                fold.peer_mentor_id, fold.number, fold.window_date, fold.per_value, fold.element,
                sum(fold.element_amount) as amount,
                count(*) as active_days
            from folded as fold
            where fold.element is not null
            group by 1, 2, 3, 4, 5
        ) as tally
        inner join unnest((p_scope).stats) as stat using (number)
        where stat.element_target <= case
            when stat.element_measure = 'active_days' then tally.active_days
            else tally.amount
        end
        group by 1, 2, 3, 4
    ), parts as materialized (
        select
            part.*,
            stat.org_id, stat.stat, stat.window_unit, stat.rolling_days,
            listed.counted_elements,
            coalesce(cardinality(listed.counted_elements), 0) as distinct_count,
            case when part.days is null then 0 else (
                select count(distinct day) from unnest(part.days) as day
            ) end as active_days,
            coalesce(part.last_date, listed.last_unit) as run_end,
            run.*
        from (
            select
                choice.peer_mentor_id,
                choice.number,
                choice.window_date,
                choice.per_value,
                count(*) as activity_count,
                sum(choice.value) as value_sum,
                max(choice.value) as value_max,
                coalesce(bool_or(choice.value < 0), false) as has_negative,
                array_agg(choice.activity_date) as days,
                min(choice.occurred_at) as first_at,
                max(choice.occurred_at) as last_at,
                max(choice.activity_date) as last_date
            from badges_internal._verify_choices(p_scope, null) as choice
            where choice.is_dated
            group by 1, 2, 3, 4
            union all
            select
                fold.peer_mentor_id,
                fold.number,
                fold.window_date,
                fold.per_value,
                sum(fold.activity_count)::bigint,
                sum(fold.value_sum),
                max(fold.value_max),
                bool_or(fold.has_negative),
                array_agg(fold.activity_date) filter (where stat.rolling_days is not null),
                min(fold.first_at),
                max(fold.last_at),
                null
            from folded as fold
            inner join unnest((p_scope).stats) as stat using (number)
            where not stat.is_dated
            group by 1, 2, 3, 4
        ) as part
        inner join unnest((p_scope).stats) as stat using (number)
        left join element_lists as listed using (peer_mentor_id, number, window_date, per_value)
        left join badges_internal._verify_excused_units(p_scope) as e using (peer_mentor_id, number)
        cross join lateral (
            select
                max(run.last_run) filter (where asked.measure = 'day_run') as day_run,
                max(run.last_run) filter (where asked.measure = 'week_run') as week_run,
                max(run.last_run) filter (where asked.measure = 'month_run') as month_run,
                max(run.longest_run) filter (where asked.measure = 'day_run') as longest_day_run,
                max(run.longest_run) filter (where asked.measure = 'week_run') as longest_week_run,
                max(run.longest_run) filter (where asked.measure = 'month_run') as longest_month_run
            from (values ('day_run', 'day'), ('week_run', 'week'), ('month_run', 'month'))
                as asked (measure, unit)
            cross join lateral badges_internal._verify_run_lengths(
                coalesce(listed.units, part.days), asked.unit, stat.grace, stat.week_shift,
                stat.existing_days, e.units
            ) as run
            where asked.measure = any(stat.measures)
        ) as run
    )
    select
        part.peer_mentor_id,
        part.org_id,
        part.stat,
        case
            when part.window_unit is null then part.per_value
            else concat_ws(' ', part.window_date, nullif(part.per_value, ''))
        end,
        part.counted_elements,
        part.activity_count,
        coalesce(part.value_sum, 0),
        part.value_max,
        part.has_negative,
        part.active_days,
        part.distinct_count,
        part.day_run,
        part.week_run,
        part.month_run,
        part.longest_day_run,
        part.longest_week_run,
        part.longest_month_run,
        part.run_end,
        part.first_at,
        part.last_at,
        part.last_date
    from parts as part
    where part.rolling_days is null
    union all
    select
        part.peer_mentor_id,
        part.org_id,
        part.stat,
        part.per_value,
        null,
        max(part.activity_count),
        coalesce(max(part.value_sum), 0),
        max(part.value_max),
        bool_or(part.has_negative),
        max(part.active_days),
        max(part.distinct_count),
        null, null, null, null, null, null,
        null,
        min(part.first_at),
        max(part.last_at),
        null
    from parts as part
    where part.rolling_days is not null
    group by part.peer_mentor_id, part.org_id, part.stat, part.per_value;
end;

comment on function badges_internal._verify_expected_stats(badges_internal.verified_scope) is
'Recomputes every row of the snapshot from the activities.';
