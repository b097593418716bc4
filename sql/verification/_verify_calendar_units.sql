-- Gives the days, weeks and months that rules about runs count, each since its first activity.
--
-- Those of streaks with units of their own are _verify_own_units.
create or replace function badges_internal._verify_calendar_units(
    p_scope badges_internal.verified_scope
)
returns table (
    peer_mentor_id uuid,
    number integer,
    window_date date,
    per_value text,
    measure text,
    unit_number integer,
    from_at timestamptz,
    first_day date
)
language sql
stable
parallel safe
begin atomic
    with watched as materialized (
        select row_number() over () as watch, asked.*
        from badges_internal._verify_asked_runs(p_scope) as asked
        where asked.element_unit is null
    ), counted as (
        select
            choice.peer_mentor_id,
            choice.window_date,
            choice.per_value,
            watched.watch,
            badges_internal._verify_unit_number(
                watched.unit, choice.activity_date, watched.week_shift
            ) as unit_number,
            min(choice.occurred_at) as from_at
        from badges_internal._verify_choices(
            p_scope, array['day_run', 'week_run', 'month_run', 'live_run']
        ) as choice
        inner join watched using (number)
        group by 1, 2, 3, 4, 5
    )
    select
        counted.peer_mentor_id,
        watched.number,
        counted.window_date,
        counted.per_value,
        watched.measure,
        counted.unit_number,
        counted.from_at,
        badges_internal._verify_unit_day(watched.unit, counted.unit_number, watched.week_shift)
    from counted
    inner join watched using (watch);
end;

comment on function badges_internal._verify_calendar_units(badges_internal.verified_scope) is
'Gives the days, weeks and months that rules about runs count, each since its first activity.';
