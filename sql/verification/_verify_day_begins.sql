-- Gives the moment at which the clock of a zone first shows that a local day has begun, for good.
--
-- Where the clock is set back over that time, the later one. An expression alone, so that it is put
-- in line where it is asked for: a call is planned each time.
create or replace function badges_internal._verify_day_begins(
    p_day date,
    p_time_zone text,
    p_day_starts time
)
returns timestamptz
language sql
immutable
parallel safe
return case
    when (p_day + p_day_starts) at time zone p_time_zone at time zone p_time_zone
        = p_day + p_day_starts
        then (p_day + p_day_starts) at time zone p_time_zone
    else badges_internal._verify_clock_reaches(p_day + p_day_starts, p_time_zone)
end;

comment on function badges_internal._verify_day_begins(date, text, time) is
'Gives the moment at which the clock of a zone first shows that a local day has begun, for good.';
