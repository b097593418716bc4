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
    (begun.first_day + case
        when p_window_unit = 'day' then interval '1 day'
        when p_window_unit like 'week%' then interval '7 days'
        when p_window_unit = 'month' then interval '1 month'
        when p_window_unit = 'quarter' then interval '3 months'
        when p_window_unit = 'year' then interval '1 year'
    end)::date - 1
from (
    select case when p_window_unit is not null
        then badges_internal._unit_start(p_window_unit, p_day) end as first_day
) as begun;
end;

comment on function badges_internal._window_days(text, date) is
'Gives the first and the last day of the calendar window around a day; null where there is none.';
