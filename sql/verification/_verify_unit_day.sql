-- Gives the first day of a numbered unit: the inverse of _verify_unit_number.
create or replace function badges_internal._verify_unit_day(
    p_unit text,
    p_number integer,
    p_week_shift integer
)
returns date
language sql
immutable
parallel safe
return case
    when p_unit = 'month' then (date '0001-01-01' + make_interval(months => p_number - 13))::date
    when p_unit = 'week' then date '1800-01-06' - coalesce(p_week_shift, 0) + 7 * p_number
    else date '1800-01-06' + p_number
end;

comment on function badges_internal._verify_unit_day(text, integer, integer) is
'Gives the first day of a numbered unit: the inverse of _verify_unit_number.';
