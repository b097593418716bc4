-- Gives the calendar units that every rule about runs counts, and since when, and until when.
--
-- A unit counts from its first activity on; those of a streak with units of its own from the moment
-- they reached their target, until a falling value takes that back.
create or replace function badges_internal._verify_units(p_scope badges_internal.verified_scope)
returns table (
    peer_mentor_id uuid,
    number integer,
    window_date date,
    per_value text,
    measure text,
    grace integer,
    unit_number integer,
    from_at timestamptz,
    until_at timestamptz
)
language sql
stable
parallel safe
begin atomic
    with watched as (
        select distinct
            condition.number,
            run.measure,
            split_part(run.measure, '_', 1) as unit,
            stat.element_unit,
            stat.grace
        from badges_internal._verify_conditions(p_scope) as condition
        inner join unnest((p_scope).stats) as stat using (number)
        cross join lateral (
            select coalesce(condition.lapse_measure, condition.measure) as measure
        ) as run
        where condition.measure in ('day_run', 'week_run', 'month_run', 'live_run')
    )
    select
        choice.peer_mentor_id,
        choice.number,
        choice.window_date,
        choice.per_value,
        watched.measure,
        0,
        badges_internal._verify_unit_number(watched.unit, choice.activity_date),
        min(choice.occurred_at),
        null::timestamptz
    from badges_internal._verify_choices(
        p_scope, array['day_run', 'week_run', 'month_run', 'live_run']
    ) as choice
    inner join watched using (number)
    where watched.element_unit is null
    group by 1, 2, 3, 4, 5, 7
    union all
    select
        element.peer_mentor_id,
        element.number,
        element.window_date,
        element.per_value,
        watched.measure,
        watched.grace,
        badges_internal._verify_unit_number(watched.unit, element.element::date),
        element.changed_at,
        element.until_at
    from badges_internal._verify_element_changes(
        p_scope, array['day_run', 'week_run', 'month_run', 'live_run']
    ) as element
    inner join watched
        on watched.number = element.number
        and watched.unit = watched.element_unit
    where element.change = 1;
end;

comment on function badges_internal._verify_units(badges_internal.verified_scope) is
'Gives the calendar units that every rule about runs counts, and since when, and until when.';
