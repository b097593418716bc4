-- Gives the units of every rule about runs with their place in the run that they end.
--
-- Days, weeks and months are placed apart, for less. A part is unruly where units may fall, or
-- where one comes or is excused late into a run that could pass over it. Of other parts an excused
-- unit that does not count is left out of the numbers. The moments are those of the units before
-- it in the part.
create or replace function badges_internal._verify_placed_units(
    p_scope badges_internal.verified_scope
)
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
    before_at timestamptz,
    two_before_at timestamptz,
    three_before_at timestamptz,
    run_length bigint,
    is_of_unruly_part boolean
)
language sql
stable
parallel safe
begin atomic
    with marked as (
        select
            unit.*,
            unit.is_excused and bool_or(not unit.is_excused) over (
                partition by
                    unit.peer_mentor_id, unit.number, unit.window_date, unit.per_value,
                    unit.measure, unit.unit_number
            ) as is_idle, -- an excuse of a unit that counts
            unit.grace > 0 or bool_or(unit.is_excused) over (
                partition by
                    unit.peer_mentor_id, unit.number, unit.window_date, unit.per_value,
                    unit.measure
            ) as may_pass_over
        from badges_internal._verify_own_units(p_scope) as unit
    ), numbered as (
        select
            unit.*,
            unit.unit_number - count(*) filter (where unit.is_excused and not unit.is_idle)
                over in_order as rank,
            coalesce(
                unit.until_at is not null
                or not unit.is_idle and unit.may_pass_over and unit.from_at < max(unit.from_at)
                    filter (where not unit.is_idle) over (in_order rows unbounded preceding),
                false
            ) as is_unruly
        from marked as unit
        window in_order as (
            partition by
                unit.peer_mentor_id, unit.number, unit.window_date, unit.per_value, unit.measure
            order by unit.unit_number, unit.is_excused, unit.from_at
        )
    ), stepped as (
        select
            unit.*,
            coalesce(unit.rank - lag(unit.rank) over in_order > unit.grace + 1, true)
                as begins_run,
            row_number() over in_order as place,
            lag(unit.from_at, 1) over in_order as before_at,
            lag(unit.from_at, 2) over in_order as two_before_at,
            lag(unit.from_at, 3) over in_order as three_before_at
        from numbered as unit
        window in_order as (
            partition by
                unit.peer_mentor_id, unit.number, unit.window_date, unit.per_value, unit.measure,
                unit.is_excused
            order by unit.unit_number, unit.from_at
        )
    )
    select
        unit.peer_mentor_id, unit.number, unit.window_date, unit.per_value, unit.measure,
        unit.grace, unit.unit_number, unit.from_at, unit.until_at, unit.is_excused,
        unit.before_at, unit.two_before_at, unit.three_before_at,
        1 + unit.place - max(unit.place) filter (where unit.begins_run) over (
            partition by
                unit.peer_mentor_id, unit.number, unit.window_date, unit.per_value, unit.measure,
                unit.is_excused
            order by unit.place rows unbounded preceding
        ),
        bool_or(unit.is_unruly) over (
            partition by
                unit.peer_mentor_id, unit.number, unit.window_date, unit.per_value, unit.measure
        )
    from stepped as unit
    union all
    select
        unit.peer_mentor_id, unit.number, unit.window_date, unit.per_value, unit.measure,
        0, unit.unit_number, unit.from_at, null::timestamptz, false,
        unit.before_at, unit.two_before_at, unit.three_before_at, unit.run_length, false
    from badges_internal._verify_placed_calendar_units(p_scope) as unit;
end;

comment on function badges_internal._verify_placed_units(badges_internal.verified_scope) is
'Gives the units of every rule about runs with their place in the run that they end.';
