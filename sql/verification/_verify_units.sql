-- Gives the units that every rule about runs counts, and since when, and until when.
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
    until_at timestamptz,
    is_excused boolean,
    first_day date
)
language sql
stable
parallel safe
begin atomic
    select
        calendar.peer_mentor_id, calendar.number, calendar.window_date, calendar.per_value,
        calendar.measure, 0, calendar.unit_number, calendar.from_at, null::timestamptz, false,
        calendar.first_day
    from badges_internal._verify_calendar_units(p_scope) as calendar
    union all
    select own.*
    from badges_internal._verify_own_units(p_scope) as own;
end;

comment on function badges_internal._verify_units(badges_internal.verified_scope) is
'Gives the units that every rule about runs counts, and since when, and until when.';
