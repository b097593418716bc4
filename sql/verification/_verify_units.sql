-- Gives the calendar units that every rule about runs counts, and since when, and until when.
--
-- A unit counts from its first activity on; those of a streak with units of its own from the moment
-- they reached their target, until a falling value takes that back.
create or replace function badges_internal._verify_units(p_people uuid[])
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
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
            condition.org_id,
            condition.stat,
            condition.measure,
            split_part(condition.measure, '_', 1) as unit,
            selector.element_unit,
            coalesce(selector.grace, 0) as grace
        from badges_internal._verify_conditions() as condition
        left join badges_internal._verify_selectors(null, null) as selector using (org_id, stat)
        where condition.measure in ('day_run', 'week_run', 'month_run')
    )
    select
        day.peer_mentor_id,
        day.org_id,
        day.stat,
        day.bucket,
        watched.measure,
        0,
        unit.number,
        min(day.began_at),
        null::timestamptz
    from (
        select
            choice.peer_mentor_id,
            choice.org_id,
            choice.stat,
            choice.bucket,
            choice.activity_date,
            min(choice.occurred_at) as began_at
        from badges_internal._verify_choices(
            p_people, array['day_run', 'week_run', 'month_run'], null
        ) as choice
        group by
            choice.peer_mentor_id,
            choice.org_id,
            choice.stat,
            choice.bucket,
            choice.activity_date
    ) as day
    inner join watched using (org_id, stat)
    cross join lateral (
        select badges_internal._verify_unit_number(watched.unit, day.activity_date) as number
    ) as unit
    where watched.element_unit is null
    group by
        day.peer_mentor_id,
        day.org_id,
        day.stat,
        day.bucket,
        watched.measure,
        unit.number
    union all
    select
        element.peer_mentor_id,
        element.org_id,
        element.stat,
        element.bucket,
        watched.measure,
        watched.grace,
        badges_internal._verify_unit_number(watched.unit, element.element::date),
        element.changed_at,
        element.until_at
    from badges_internal._verify_element_changes(
        p_people, array['day_run', 'week_run', 'month_run']
    ) as element
    inner join watched
        on watched.org_id = element.org_id
        and watched.stat = element.stat
        and watched.unit = watched.element_unit
    where element.change = 1;
end;

comment on function badges_internal._verify_units(uuid[]) is
'Gives the calendar units that every rule about runs counts, and since when, and until when.';
