-- Gives the days, weeks and months of rules about runs with their place in the run that they end.
--
-- They are neither passed over nor taken back. The moments are those of the units before it.
create or replace function badges_internal._verify_placed_calendar_units(
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
    before_at timestamptz,
    two_before_at timestamptz,
    three_before_at timestamptz,
    run_length bigint
)
language sql
stable
parallel safe
begin atomic
    with stepped as (
        select
            unit.*,
            coalesce(unit.unit_number - lag(unit.unit_number) over in_order > 1, true)
                as begins_run,
            row_number() over in_order as place,
            lag(unit.from_at, 1) over in_order as before_at,
            lag(unit.from_at, 2) over in_order as two_before_at,
            lag(unit.from_at, 3) over in_order as three_before_at
        from badges_internal._verify_calendar_units(p_scope) as unit
        window in_order as (
            partition by
                unit.peer_mentor_id, unit.number, unit.window_date, unit.per_value, unit.measure
            order by unit.unit_number
        )
    )
    select
        unit.peer_mentor_id, unit.number, unit.window_date, unit.per_value, unit.measure,
        unit.unit_number, unit.from_at, unit.before_at, unit.two_before_at, unit.three_before_at,
        1 + unit.place - max(unit.place) filter (where unit.begins_run) over (
            partition by
                unit.peer_mentor_id, unit.number, unit.window_date, unit.per_value, unit.measure
            order by unit.unit_number rows unbounded preceding
        )
    from stepped as unit;
end;

comment on function badges_internal._verify_placed_calendar_units(
    badges_internal.verified_scope
) is
'Gives the days, weeks and months of rules about runs with their place in the run that they end.';
