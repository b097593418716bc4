-- Counts calendar units since Monday 3 January 2000, so that a run is a row of whole numbers.
create or replace function badges_internal._verify_unit_number(p_unit text, p_day date)
returns integer
language sql
immutable
parallel safe
return case
    when p_unit = 'month'
        then (extract(year from p_day) * 12 + extract(month from p_day))::integer
    when p_unit = 'week' then floor((p_day - date '2000-01-03') / 7.0)::integer
    else p_day - date '2000-01-03'
end;

comment on function badges_internal._verify_unit_number(text, date) is
'Counts calendar units since Monday 3 January 2000, so that a run is a row of whole numbers.';
