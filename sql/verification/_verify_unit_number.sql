-- Counts calendar units since Monday 6 January 1800, so that a run is a row of whole numbers.
create or replace function badges_internal._verify_unit_number(p_unit text, p_day date)
returns integer
language sql
immutable
parallel safe
return case
    when p_unit = 'month'
        then (date_part('year', p_day) * 12 + date_part('month', p_day))::integer
    when p_unit = 'week' then (p_day - date '1800-01-06') / 7
    else p_day - date '1800-01-06'
end;

comment on function badges_internal._verify_unit_number(text, date) is
'Counts calendar units since Monday 6 January 1800, so that a run is a row of whole numbers.';
