-- Counts calendar units since 6 January 1800, so that a run is a row of whole numbers.
--
-- That was a Monday. p_week_shift: by how many days a week begins before it, null = none.
create or replace function badges_internal._verify_unit_number(
    p_unit text,
    p_day date,
    p_week_shift integer
)
returns integer
language sql
immutable
parallel safe
return case
    when p_unit = 'month'
        then (date_part('year', p_day) * 12 + date_part('month', p_day))::integer
    when p_unit = 'week' then (p_day - date '1800-01-06' + coalesce(p_week_shift, 0)) / 7
    else p_day - date '1800-01-06'
end;

comment on function badges_internal._verify_unit_number(text, date, integer) is
'Counts calendar units since 6 January 1800, so that a run is a row of whole numbers.';
