-- Recomputes every row of the snapshot from the activities, by window functions.
--
-- A run goes on while the next active day lies in the same or the next unit; its length is the
-- number of units. A per_unit streak runs over the units that reached their target instead, each
-- standing on its first day, and has no runs of other units. A selector's days are kept only where
-- some rule asks for them.
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
    with folded as materialized (
        select
            choice.peer_mentor_id,
            choice.org_id,
            choice.stat,
            choice.bucket,
            choice.activity_date,
            choice.element,
            count(*) as activity_count,
            coalesce(sum(choice.value), 0) as value_sum,
            max(choice.value) as value_max,
            coalesce(bool_or(choice.value < 0), false) as has_negative,
            sum(choice.element_value) as element_sum,
            max(choice.element_value) as element_max,
            min(choice.occurred_at) as first_at,
            max(choice.occurred_at) as last_at
        from badges_internal._verify_choices(p_people) as choice
        group by
            choice.peer_mentor_id,
            choice.org_id,
            choice.stat,
            choice.bucket,
            choice.activity_date,
            choice.element
    ), totals as (
        select
            day.peer_mentor_id,
            day.org_id,
            day.stat,
            day.bucket,
            sum(day.activity_count) as activity_count,
            sum(day.value_sum) as value_sum,
            max(day.value_max) as value_max,
            bool_or(day.has_negative) as has_negative,
            count(distinct day.activity_date) as active_days,
            min(day.first_at) as first_at,
            max(day.last_at) as last_at,
            max(day.activity_date) as last_date
        from folded as day
        group by day.peer_mentor_id, day.org_id, day.stat, day.bucket
    ), tallies as (
        select
            day.peer_mentor_id,
            day.org_id,
            day.stat,
            day.bucket,
            day.element,
            sum(day.activity_count) as activity_count,
            sum(day.element_sum) as value_sum,
            max(day.element_max) as value_max,
            count(*) as active_days
        from folded as day
        where day.element is not null
        group by day.peer_mentor_id, day.org_id, day.stat, day.bucket, day.element
    ), elements as (
        select tally.*, selector.element_unit
        from tallies as tally
        inner join badges_internal._verify_selectors() as selector using (org_id, stat)
        where case
            when selector.element_measure = 'count' then tally.activity_count
            when selector.element_measure = 'sum' then tally.value_sum
            when selector.element_measure = 'max' then tally.value_max
            when selector.element_measure = 'active_days' then tally.active_days
        end >= selector.element_at_least
    ), element_lists as (
        select
            element.peer_mentor_id,
            element.org_id,
            element.stat,
            element.bucket,
            array_agg(element.element) as counted_elements
        from elements as element
        group by element.peer_mentor_id, element.org_id, element.stat, element.bucket
    ), unit_streaks as (
        select selector.org_id, selector.stat, selector.element_unit
        from badges_internal._verify_selectors() as selector
        where selector.element_unit is not null
    ), dateless as (
        select definition.org_id, definition.stat, true as is_dateless
        from badges_internal.stat_definitions as definition
        where starts_with(definition.stat, '~')
        and (
            definition.selector ? 'per_unit'
            or not definition.watched && array['active_days', 'day_run', 'week_run', 'month_run']
        )
    ), marks as (
        select distinct
            day.peer_mentor_id, day.org_id, day.stat, day.bucket, day.activity_date as marked_date
        from folded as day
        left join dateless using (org_id, stat)
        where dateless.stat is null
        union all
        select
            element.peer_mentor_id,
            element.org_id,
            element.stat,
            element.bucket,
            element.element::date
        from elements as element
        where element.element_unit is not null
    ), numbered as (
        select
            mark.*,
            badges_internal._verify_unit_number('day', mark.marked_date) as day_number,
            badges_internal._verify_unit_number('week', mark.marked_date) as week_number,
            badges_internal._verify_unit_number('month', mark.marked_date) as month_number
        from marks as mark
    ), steps as (
        select
            numbered.*,
            numbered.day_number - lag(numbered.day_number) over in_order as day_step,
            numbered.week_number - lag(numbered.week_number) over in_order as week_step,
            numbered.month_number - lag(numbered.month_number) over in_order as month_step,
            lead(numbered.day_number) over in_order is null as is_last
        from numbered
        window in_order as (
            partition by
                numbered.peer_mentor_id, numbered.org_id, numbered.stat, numbered.bucket
            order by numbered.marked_date
        )
    ), ranked as (
        select
            step.*,
            row_number() over in_order as day_rank,
            count(*) filter (where step.week_step is distinct from 0) over in_order as week_rank,
            count(*) filter (where step.month_step is distinct from 0) over in_order as month_rank
        from steps as step
        window in_order as (
            partition by step.peer_mentor_id, step.org_id, step.stat, step.bucket
            order by step.marked_date
        )
    ), running as (
        select
            ranked.*,
            1 + day_rank - max(day_rank) filter (where day_step is distinct from 1)
                over in_order as day_run,
            1 + week_rank - max(week_rank) filter (where week_step > 1 or week_step is null)
                over in_order as week_run,
            1 + month_rank - max(month_rank) filter (where month_step > 1 or month_step is null)
                over in_order as month_run
        from ranked
        window in_order as (
            partition by ranked.peer_mentor_id, ranked.org_id, ranked.stat, ranked.bucket
            order by ranked.marked_date
        )
    ), runs as (
        select
            running.peer_mentor_id,
            running.org_id,
            running.stat,
            running.bucket,
            max(running.day_run) filter (where running.is_last) as day_run,
            max(running.week_run) filter (where running.is_last) as week_run,
            max(running.month_run) filter (where running.is_last) as month_run,
            max(running.day_run) as longest_day_run,
            max(running.week_run) as longest_week_run,
            max(running.month_run) as longest_month_run,
            max(running.marked_date) as run_end
        from running
        group by running.peer_mentor_id, running.org_id, running.stat, running.bucket
    )
    select
        total.peer_mentor_id,
        total.org_id,
        total.stat,
        total.bucket,
        total.activity_count,
        total.value_sum,
        total.value_max,
        total.has_negative,
        case when dateless.is_dateless then 0 else total.active_days end,
        coalesce(listed.counted_elements, '{}'),
        case when unit.is_day then coalesce(run.day_run, 0) else 0 end,
        case when unit.is_week then coalesce(run.week_run, 0) else 0 end,
        case when unit.is_month then coalesce(run.month_run, 0) else 0 end,
        case when unit.is_day then coalesce(run.longest_day_run, 0) else 0 end,
        case when unit.is_week then coalesce(run.longest_week_run, 0) else 0 end,
        case when unit.is_month then coalesce(run.longest_month_run, 0) else 0 end,
        run.run_end,
        total.first_at,
        total.last_at,
        case when dateless.is_dateless then null else total.last_date end
    from totals as total
    left join dateless using (org_id, stat)
    left join runs as run using (peer_mentor_id, org_id, stat, bucket)
    left join element_lists as listed using (peer_mentor_id, org_id, stat, bucket)
    left join unit_streaks as streak using (org_id, stat)
    cross join lateral (
        select
            coalesce(streak.element_unit = 'day', true) as is_day,
            coalesce(streak.element_unit = 'week', true) as is_week,
            coalesce(streak.element_unit = 'month', true) as is_month
    ) as unit;
end;

comment on function badges_internal._verify_expected_stats(uuid[]) is
'Recomputes every row of the snapshot from the activities, by window functions.';
