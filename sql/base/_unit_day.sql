-- Gives the first day of a numbered calendar unit: the inverse of _unit_number.
create or replace function badges_internal._unit_day(p_unit text, p_number integer)
returns date
language sql
immutable
parallel safe
return case
    when p_unit = 'day' then date '1900-01-01' + p_number
    when p_unit = 'week' then date '1900-01-01' + p_number * 7
    when p_unit = 'week_sunday' then date '1899-12-31' + p_number * 7
    when p_unit = 'week_saturday' then date '1899-12-30' + p_number * 7
    when p_unit = 'month' then make_date((p_number - 1) / 12, (p_number - 1) % 12 + 1, 1)
    when p_unit = 'quarter' then make_date((p_number - 1) / 4, (p_number - 1) % 4 * 3 + 1, 1)
    else make_date(p_number, 1, 1)
end;

comment on function badges_internal._unit_day(text, integer) is
'Gives the first day of a numbered calendar unit: the inverse of _unit_number.';
