-- Gives the first day of a numbered unit: the inverse of _verify_unit_number.
create or replace function badges_internal._verify_unit_day(p_measure text, p_number integer)
returns date
language sql
immutable
parallel safe
return case
    when p_measure = 'month_run'
        then (date '0001-01-01' + make_interval(months => p_number - 13))::date
    when p_measure = 'week_run' then date '1800-01-06' + 7 * p_number
    else date '1800-01-06' + p_number
end;

comment on function badges_internal._verify_unit_day(text, integer) is
'Gives the first day of a numbered unit: the inverse of _verify_unit_number.';
