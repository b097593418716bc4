-- Recomputes the parts of all stats whose days are kept, their runs from island to island.
--
-- A unit's run is as long as the distance from the unit it began with.
create or replace function badges_internal._verify_dated_stats(
    p_scope badges_internal.verified_scope
)
returns setof badges_internal.verified_part
language sql
stable
parallel safe
begin atomic
    with days as (
        select
            choice.peer_mentor_id,
            choice.number,
            choice.window_date,
            choice.per_value,
            choice.activity_date,
            choice.occurred_at,
            choice.value,
            badges_internal._verify_unit_number('week', choice.activity_date) as week,
            badges_internal._verify_unit_number('month', choice.activity_date) as month
        from badges_internal._verify_choices(p_scope, null) as choice
        where choice.is_dated
    ), steps as (
        select
            day.*,
            day.activity_date - lag(day.activity_date) over in_order as day_step,
            day.week - lag(day.week) over in_order as week_step,
            day.month - lag(day.month) over in_order as month_step
        from days as day
        window in_order as (
            partition by day.peer_mentor_id, day.number, day.window_date, day.per_value
            order by day.activity_date
        )
    ), running as (
        select
            step.*,
            max(case when step.day_step <= 1 then null else step.activity_date end) over in_order
                as first_day,
            max(case when step.week_step <= 1 then null else step.week end) over in_order
                as first_week,
            max(case when step.month_step <= 1 then null else step.month end) over in_order
                as first_month
        from steps as step
        window in_order as (
            partition by step.peer_mentor_id, step.number, step.window_date, step.per_value
            order by step.activity_date
            rows unbounded preceding
        )
    )
    select
        day.peer_mentor_id,
        day.number,
        day.window_date,
        day.per_value,
        count(*),
        coalesce(sum(day.value), 0),
        max(day.value),
        coalesce(min(day.value) < 0, false),
        count(*) filter (where day.day_step is distinct from 0),
        max(day.activity_date) - max(day.first_day) + 1,
        max(day.week) - max(day.first_week) + 1,
        max(day.month) - max(day.first_month) + 1,
        max(day.activity_date - day.first_day) + 1,
        max(day.week - day.first_week) + 1,
        max(day.month - day.first_month) + 1,
        max(day.activity_date),
        min(day.occurred_at),
        max(day.occurred_at),
        max(day.activity_date)
    from running as day
    group by day.peer_mentor_id, day.number, day.window_date, day.per_value;
end;

comment on function badges_internal._verify_dated_stats(badges_internal.verified_scope) is
'Recomputes the parts of all stats whose days are kept, their runs from island to island.';
