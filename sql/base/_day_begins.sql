-- Gives the moment at which a local day begins: the clock shows p_day_starts, or has passed it.
--
-- Where the clock shows it twice, the second time. In line where it is called.
create or replace function badges_internal._day_begins(
    p_day date,
    p_time_zone text,
    p_day_starts time
)
returns timestamptz
language sql
immutable
parallel safe
return case
    when ((p_day + p_day_starts) at time zone p_time_zone) at time zone p_time_zone
        = p_day + p_day_starts
        then (p_day + p_day_starts) at time zone p_time_zone
    else badges_internal._day_begins_with_jump(p_day, p_time_zone, p_day_starts)
end;

comment on function badges_internal._day_begins(date, text, time) is
'Gives the moment at which a local day begins: the clock shows p_day_starts, or has passed it.';
