-- Gives the moment at which a local day begins: the clock shows p_day_starts, or has passed it.
--
-- Where the clock jumps over that time the day begins with the jump, to the minute: whatever comes
-- later has that day (_day_of). Where the clock shows it twice, the second time.
create or replace function badges_internal._day_begins(
    p_day date,
    p_time_zone text,
    p_day_starts time
)
returns timestamptz
language sql
immutable
parallel safe
begin atomic
select case
    when shown.clock = p_day + p_day_starts then shown.moment
    else (
        select min(minute.moment)
        from generate_series(
            shown.moment - (shown.clock - (p_day + p_day_starts)), shown.moment,
            interval '1 minute'
        ) as minute (moment)
        where minute.moment at time zone p_time_zone >= p_day + p_day_starts
    )
end
from (
    select given.moment, given.moment at time zone p_time_zone as clock
    from (select (p_day + p_day_starts) at time zone p_time_zone as moment offset 0) as given
) as shown;
end;

comment on function badges_internal._day_begins(date, text, time) is
'Gives the moment at which a local day begins: the clock shows p_day_starts, or has passed it.';
