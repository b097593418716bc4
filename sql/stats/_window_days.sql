-- Gives the first and the last day of the calendar window around a day; null where there is none.
create or replace function badges_internal._window_days(p_window_unit text, p_day date)
returns table (first_day date, last_day date)
language sql
immutable
parallel safe
rows 1
begin atomic
select
    begun.first_day,
    badges_internal._unit_end(p_window_unit, begun.first_day)
from (
    select case when p_window_unit is not null
        then badges_internal._unit_start(p_window_unit, p_day) end as first_day
) as begun;
end;

comment on function badges_internal._window_days(text, date) is
'Gives the first and the last day of the calendar window around a day; null where there is none.';
