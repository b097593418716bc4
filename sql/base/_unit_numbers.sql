-- Numbers a day, its week and its month as _unit_number does, all three by one short expression.
--
-- p_week_origin: the first day of some week. Without a day all are null.
create or replace function badges_internal._unit_numbers(p_day date, p_week_origin date)
returns integer[]
language sql
immutable
parallel safe
return array[
    p_day - date '1900-01-01',
    (p_day - p_week_origin) / 7,
    (date_part('year', p_day) * 12 + date_part('month', p_day))::integer
];

comment on function badges_internal._unit_numbers(date, date) is
'Numbers a day, its week and its month as _unit_number does, all three by one short expression.';
