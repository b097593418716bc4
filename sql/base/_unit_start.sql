-- Gives the first day of the calendar unit (day, week, month, quarter, year) a day lies in.
--
-- p_unit: docs of _calendar_unit.
create or replace function badges_internal._unit_start(p_unit text, p_day date)
returns date
language sql
immutable
parallel safe
return case
    when p_unit = 'day' then p_day
    when p_unit = 'week_sunday' then p_day - (p_day - date '1899-12-31') % 7
    when p_unit = 'week_saturday' then p_day - (p_day - date '1899-12-30') % 7
    else date_trunc(p_unit, p_day::timestamp)::date
end;

comment on function badges_internal._unit_start(text, date) is
'Gives the first day of the calendar unit (day, week, month, quarter, year) a day lies in.';
