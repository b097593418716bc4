-- Gives the moment at which a local day begins where the clock jumps over its own time.
--
-- It begins with the jump, to the minute: whatever comes later has that day (_day_of).
create or replace function badges_internal._day_begins_with_jump(
    p_day date,
    p_time_zone text,
    p_day_starts time
)
returns timestamptz
language sql
immutable
parallel safe
begin atomic
select min(minute.moment)
from (
    select given.moment, given.moment at time zone p_time_zone as clock
    from (select (p_day + p_day_starts) at time zone p_time_zone as moment offset 0) as given
) as shown
cross join lateral generate_series(
    shown.moment - (shown.clock - (p_day + p_day_starts)), shown.moment, interval '1 minute'
) as minute (moment)
where minute.moment at time zone p_time_zone >= p_day + p_day_starts;
end;

comment on function badges_internal._day_begins_with_jump(date, text, time) is
'Gives the moment at which a local day begins where the clock jumps over its own time.';
