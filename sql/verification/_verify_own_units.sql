-- Gives the units that streaks with units of their own count, and since when, and until when.
--
-- From the moment they reached their target, until a falling value takes that back. is_excused: a
-- unit that does not count and is not missing, since its excuse. Days that do not exist have no
-- number.
create or replace function badges_internal._verify_own_units(p_scope badges_internal.verified_scope)
returns table (
    peer_mentor_id uuid,
    number integer,
    window_date date,
    per_value text,
    measure text,
    grace integer,
    unit_number integer,
    from_at timestamptz,
    until_at timestamptz,
    is_excused boolean,
    first_day date
)
language sql
stable
parallel safe
begin atomic
    with watched as (
        select asked.*
        from badges_internal._verify_asked_runs(p_scope) as asked
        where asked.unit = asked.element_unit
    ), units as materialized (
        select
            element.peer_mentor_id, element.number, element.window_date, element.per_value,
            element.element, element.changed_at, element.until_at, false as is_excused
        from badges_internal._verify_element_changes(
            p_scope, array['day_run', 'week_run', 'month_run', 'live_run']
        ) as element
        where element.change = 1
        union all
        select
            excuse.peer_mentor_id, excuse.number, '-infinity', '', excuse.unit::text,
            excuse.excused_at, null, true
        from badges_internal._verify_excuses(p_scope) as excuse
    ), existing as materialized (
        select span.number as stat_number, existing.day, existing.number
        from (
            select
                watched.number, watched.existing_days, min(element.element::date) as first_day,
                max(element.element::date) as last_day
            from watched
            inner join units as element using (number)
            where watched.existing_days is not null
            group by 1, 2
        ) as span
        cross join lateral badges_internal._verify_existing_days(
            span.existing_days, span.first_day, span.last_day
        ) as existing
    )
    select
        element.peer_mentor_id,
        element.number,
        element.window_date,
        element.per_value,
        watched.measure,
        watched.grace,
        coalesce(
            existing.number,
            badges_internal._verify_unit_number(
                watched.unit, element.element::date, watched.week_shift
            )
        ),
        element.changed_at,
        element.until_at,
        element.is_excused,
        element.element::date
    from units as element
    inner join watched using (number)
    left join existing
        on existing.stat_number = element.number
        and existing.day = element.element::date;
end;

comment on function badges_internal._verify_own_units(badges_internal.verified_scope) is
'Gives the units that streaks with units of their own count, and since when, and until when.';
