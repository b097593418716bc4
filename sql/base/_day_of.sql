-- Gives the local day of a moment: what the clock shows before p_day_starts is the day before.
create or replace function badges_internal._day_of(
    p_moment timestamptz,
    p_time_zone text,
    p_day_starts time
)
returns date
language sql
immutable
parallel safe
return ((p_moment at time zone p_time_zone) - p_day_starts)::date;

comment on function badges_internal._day_of(timestamptz, text, time) is
'Gives the local day of a moment: what the clock shows before p_day_starts is the day before.';
