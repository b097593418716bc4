-- Tells whether a day exists for a streak: docs of _missed_units.
create or replace function badges_internal._day_exists(p_calendar jsonb, p_day date)
returns boolean
language sql
immutable
parallel safe
return badges_internal._missed_units('day', p_day - 1, p_day + 1, p_calendar) = 1;

comment on function badges_internal._day_exists(jsonb, date) is
'Tells whether a day exists for a streak: docs of _missed_units.';
