-- Gives the moment at which the clock of a zone first shows that a local day has begun, for good.
--
-- Where the clock is set back over that time, the later one; where it jumps over it, the minute
-- after the last one that shows less.
create or replace function badges_internal._verify_day_begins(
    p_day date,
    p_time_zone text,
    p_day_starts time
)
returns timestamptz
language sql
immutable
parallel safe
return (
    select case
        when shown.at at time zone p_time_zone = shown.clock then shown.at
        else (
            select max(before.at) + interval '1 minute'
            from generate_series(
                shown.at - interval '25 hours', shown.at, interval '1 minute'
            ) as before (at)
            where before.at at time zone p_time_zone < shown.clock
        )
    end
    from (
        select wanted.clock, wanted.clock at time zone p_time_zone as at
        from (select p_day + p_day_starts as clock) as wanted
    ) as shown
);

comment on function badges_internal._verify_day_begins(date, text, time) is
'Gives the moment at which the clock of a zone first shows that a local day has begun, for good.';
