-- Numbers the days, weeks, months, quarters or years, so that neighbours differ by one.
--
-- p_unit: docs of _calendar_unit. 1 January 1900 was a Monday; no activity is older.
create or replace function badges_internal._unit_number(p_unit text, p_day date)
returns integer
language sql
immutable
parallel safe
return case
    when p_unit = 'day' then p_day - date '1900-01-01'
    when p_unit = 'week' then (p_day - date '1900-01-01') / 7
    when p_unit = 'month'
        then (date_part('year', p_day) * 12 + date_part('month', p_day))::integer
    when p_unit = 'week_sunday' then (p_day - date '1899-12-31') / 7
    when p_unit = 'week_saturday' then (p_day - date '1899-12-30') / 7
    when p_unit = 'quarter'
        then (date_part('year', p_day) * 4 + date_part('quarter', p_day))::integer
    else date_part('year', p_day)::integer
end;

comment on function badges_internal._unit_number(text, date) is
'Numbers the days, weeks, months, quarters or years, so that neighbours differ by one.';
