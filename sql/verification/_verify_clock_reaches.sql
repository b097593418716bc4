-- Gives the minute after the last one at which the clock of a zone shows less, near where it jumps.
create or replace function badges_internal._verify_clock_reaches(
    p_clock timestamp,
    p_time_zone text
)
returns timestamptz
language sql
immutable
parallel safe
return (
    select max(before.at) + interval '1 minute'
    from (select p_clock at time zone p_time_zone as at) as shown
    cross join generate_series(
        shown.at - interval '25 hours', shown.at, interval '1 minute'
    ) as before (at)
    where before.at at time zone p_time_zone < p_clock
);

comment on function badges_internal._verify_clock_reaches(timestamp, text) is
'Gives the minute after the last one at which the clock of a zone shows less, near where it jumps.';
