-- Gives the first day of a calendar unit; weeks begin p_week_shift days before a Monday.
create or replace function badges_internal._verify_unit_start(
    p_unit text,
    p_day date,
    p_week_shift integer
)
returns date
language sql
immutable
parallel safe
return case
    when p_unit = 'week' and p_week_shift is not null
        then p_day - (extract(isodow from p_day + p_week_shift)::integer - 1)
    else date_trunc(p_unit, p_day::timestamp)::date
end;

comment on function badges_internal._verify_unit_start(text, date, integer) is
'Gives the first day of a calendar unit; weeks begin p_week_shift days before a Monday.';
