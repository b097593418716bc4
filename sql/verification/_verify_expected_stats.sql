-- Recomputes every row of the snapshot from the activities, by window functions.
--
-- A streak with units of its own counts runs of the units that reached their target, each standing
-- on its first day; all other stats run over the days with activity. A selector's days are kept
-- only where some rule asks for them. The row of a rolling window has the best window's value, each
-- measure for itself.
create or replace function badges_internal._verify_expected_stats(p_people uuid[])
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    activity_count numeric,
    value_sum numeric,
    value_max numeric,
    has_negative boolean,
    active_days bigint,
    distinct_count integer,
    counted_elements text[],
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
    with selectors as materialized (
        select
            selector.*,
            selector.rolling_days is not null as is_rolling,
            selector.element_unit is not null
                or selector.rolling_days is not null
                or not definition.watched && '{active_days,day_run,week_run,month_run}'::text[]
                as is_dateless
        from badges_internal._verify_selectors(null, null) as selector
        inner join badges_internal.stat_definitions as definition using (org_id, stat)
    ), folded as materialized (
        select
            day.*,
            -- One number for a part: what follows sorts and groups by it.
            dense_rank() over (
                order by day.peer_mentor_id, day.org_id, day.stat, day.bucket, day.window_end
            ) as part,
            row_number() over in_order = 1 as begins_part,
            day.activity_date is distinct from lag(day.activity_date) over in_order as begins_day
        from (
            select
                choice.peer_mentor_id,
                choice.org_id,
                choice.stat,
                choice.bucket,
                choice.window_end,
                kept.activity_date,
                choice.element,
                count(*) as activity_count,
                sum(choice.value) as value_sum,
                max(choice.value) as value_max,
                coalesce(bool_or(choice.value < 0), false) as has_negative,
                sum(choice.element_amount) as element_amount,
                min(choice.occurred_at) as first_at,
                max(choice.occurred_at) as last_at
            from badges_internal._verify_choices(p_people, null, null) as choice
            left join selectors as selector using (org_id, stat)
            -- Where nobody asks for days the part is folded at once.
            cross join lateral (
                select case
                    when not selector.is_dateless
                        or selector.is_rolling
                        or selector.element_measure = 'active_days'
                        or selector.stat is null
                        then choice.activity_date
                end as activity_date
            ) as kept
            group by
                choice.peer_mentor_id,
                choice.org_id,
                choice.stat,
                choice.bucket,
                choice.window_end,
                kept.activity_date,
                choice.element
        ) as day
        window in_order as (
            partition by day.peer_mentor_id, day.org_id, day.stat, day.bucket, day.window_end
            order by day.activity_date
        )
    ), parts as materialized (
        select
            day.part,
            day.peer_mentor_id,
            day.org_id,
            day.stat,
            day.bucket,
            selector.element_unit,
            coalesce(selector.is_rolling, false) as is_rolling,
            coalesce(selector.is_dateless, false) as is_dateless,
            coalesce(selector.grace, 0) as grace
        from folded as day
        left join selectors as selector using (org_id, stat)
        where day.begins_part
    ), totals as (
        select
            day.part,
            sum(day.activity_count) as activity_count,
            sum(day.value_sum) as value_sum,
            max(day.value_max) as value_max,
            bool_or(day.has_negative) as has_negative,
            count(*) filter (where day.begins_day) as active_days,
            min(day.first_at) as first_at,
            max(day.last_at) as last_at,
            max(day.activity_date) as last_date
        from folded as day
        group by day.part
    ), elements as (
        select tally.part, tally.element, selector.element_unit
        from (
            select
                day.part,
                day.org_id,
                day.stat,
                day.element,
                sum(day.element_amount) as amount,
                count(*) as active_days
            from folded as day
            where day.element is not null
            group by day.part, day.org_id, day.stat, day.element
        ) as tally
        inner join selectors as selector using (org_id, stat)
        where case
            when selector.element_measure = 'active_days' then tally.active_days
            else tally.amount
        end >= selector.element_target
    ), element_lists as (
        select element.part, array_agg(element.element) as counted_elements
        from elements as element
        group by element.part
    ), marks as (
        select day.part, day.activity_date as marked_date, 0 as grace
        from folded as day
        inner join parts as part using (part)
        where day.begins_day
        and not part.is_dateless
        union all
        select element.part, element.element::date, part.grace
        from elements as element
        inner join parts as part using (part)
        where element.element_unit is not null
    ), steps as (
        select
            mark.part,
            mark.marked_date,
            mark.grace,
            unit.day_number - lag(unit.day_number) over in_order as day_step,
            unit.week_number - lag(unit.week_number) over in_order as week_step,
            unit.month_number - lag(unit.month_number) over in_order as month_step,
            lead(mark.part) over in_order is null as is_last
        from marks as mark
        cross join lateral (
            select
                badges_internal._verify_unit_number('day', mark.marked_date) as day_number,
                badges_internal._verify_unit_number('week', mark.marked_date) as week_number,
                badges_internal._verify_unit_number('month', mark.marked_date) as month_number
        ) as unit
        window in_order as (partition by mark.part order by mark.marked_date)
    ), ranked as (
        select
            step.part,
            step.marked_date,
            step.is_last,
            coalesce(step.day_step > step.grace + 1, true) as begins_day_run,
            coalesce(step.week_step > step.grace + 1, true) as begins_week_run,
            coalesce(step.month_step > step.grace + 1, true) as begins_month_run,
            row_number() over in_order as day_rank,
            count(*) filter (where step.week_step is distinct from 0) over in_order as week_rank,
            count(*) filter (where step.month_step is distinct from 0) over in_order as month_rank
        from steps as step
        window in_order as (partition by step.part order by step.marked_date)
    ), running as (
        select
            ranked.part,
            ranked.marked_date,
            ranked.is_last,
            1 + day_rank - max(day_rank) filter (where begins_day_run) over in_order as day_run,
            1 + week_rank - max(week_rank) filter (where begins_week_run) over in_order as week_run,
            1 + month_rank - max(month_rank) filter (where begins_month_run) over in_order
                as month_run
        from ranked
        window in_order as (partition by ranked.part order by ranked.marked_date)
    ), runs as (
        select
            running.part,
            max(running.day_run) filter (where running.is_last) as day_run,
            max(running.week_run) filter (where running.is_last) as week_run,
            max(running.month_run) filter (where running.is_last) as month_run,
            max(running.day_run) as longest_day_run,
            max(running.week_run) as longest_week_run,
            max(running.month_run) as longest_month_run,
            max(running.marked_date) as run_end
        from running
        group by running.part
    ), measured as (
        select
            part.*,
            total.activity_count,
            coalesce(total.value_sum, case when not part.is_rolling then 0 end) as value_sum,
            total.value_max,
            total.has_negative,
            case when part.is_rolling or not part.is_dateless then total.active_days else 0 end
                as active_days,
            coalesce(cardinality(listed.counted_elements), 0) as distinct_count,
            case when not part.is_rolling then listed.counted_elements end as counted_elements,
            case when unit.is_day then coalesce(run.day_run, 0) else 0 end as day_run,
            case when unit.is_week then coalesce(run.week_run, 0) else 0 end as week_run,
            case when unit.is_month then coalesce(run.month_run, 0) else 0 end as month_run,
            case when unit.is_day then coalesce(run.longest_day_run, 0) else 0 end
                as longest_day_run,
            case when unit.is_week then coalesce(run.longest_week_run, 0) else 0 end
                as longest_week_run,
            case when unit.is_month then coalesce(run.longest_month_run, 0) else 0 end
                as longest_month_run,
            run.run_end,
            total.first_at,
            total.last_at,
            case when not part.is_dateless then total.last_date end as last_date
        from parts as part
        inner join totals as total using (part)
        left join runs as run using (part)
        left join element_lists as listed using (part)
        cross join lateral (
            select
                coalesce(part.element_unit = 'day', true) as is_day,
                coalesce(part.element_unit = 'week', true) as is_week,
                coalesce(part.element_unit = 'month', true) as is_month
        ) as unit
    )
    select
        part.peer_mentor_id,
        part.org_id,
        part.stat,
        part.bucket,
        part.activity_count,
        part.value_sum,
        part.value_max,
        part.has_negative,
        part.active_days,
        part.distinct_count,
        part.counted_elements,
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
    from measured as part
    where not part.is_rolling
    union all
    select
        part.peer_mentor_id,
        part.org_id,
        part.stat,
        part.bucket,
        max(part.activity_count),
        coalesce(max(part.value_sum), 0),
        max(part.value_max),
        bool_or(part.has_negative),
        max(part.active_days),
        max(part.distinct_count),
        null,
        0,
        0,
        0,
        0,
        0,
        0,
        null,
        min(part.first_at),
        max(part.last_at),
        null
    from measured as part
    where part.is_rolling
    group by part.peer_mentor_id, part.org_id, part.stat, part.bucket;
end;

comment on function badges_internal._verify_expected_stats(uuid[]) is
'Recomputes every row of the snapshot from the activities, by window functions.';
