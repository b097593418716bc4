-- Gives the last day of the calendar unit that begins on a day.
--
-- p_unit: docs of _calendar_unit.
create or replace function badges_internal._unit_end(p_unit text, p_start date)
returns date
language sql
immutable
parallel safe
return (p_start + case
    when p_unit = 'day' then interval '1 day'
    when p_unit like 'week%' then interval '7 days'
    when p_unit = 'month' then interval '1 month'
    when p_unit = 'quarter' then interval '3 months'
    when p_unit = 'year' then interval '1 year'
end)::date - 1;

comment on function badges_internal._unit_end(text, date) is
'Gives the last day of the calendar unit that begins on a day.';
