-- Tells whether an activity lies in the times of a selector's when.
--
-- The hours are of the local clock, all else of the person's local day. All keys must match.
create or replace function badges_internal._verify_is_in_time(
    p_when jsonb,
    p_time_zone text,
    p_occurred_at timestamptz,
    p_day date
)
returns boolean
language sql
stable
parallel safe
return case
        when not p_when ? 'hours' then true
        when (p_when -> 'hours' ->> 0)::time < (p_when -> 'hours' ->> 1)::time then
            (p_occurred_at at time zone p_time_zone)::time >= (p_when -> 'hours' ->> 0)::time
            and (p_occurred_at at time zone p_time_zone)::time < (p_when -> 'hours' ->> 1)::time
        else
            (p_occurred_at at time zone p_time_zone)::time >= (p_when -> 'hours' ->> 0)::time
            or (p_occurred_at at time zone p_time_zone)::time < (p_when -> 'hours' ->> 1)::time
    end
    and (
        not p_when ? 'weekdays'
        or p_when -> 'weekdays' @> to_jsonb(date_part('isodow', p_day)::integer)
    )
    and (
        not p_when ? 'months'
        or p_when -> 'months' @> to_jsonb(date_part('month', p_day)::integer)
    )
    and (not p_when ? 'dates' or p_when -> 'dates' ? to_char(p_day::timestamp, 'MM-DD'))
    and (
        not p_when ? 'days_of_year'
        or p_when -> 'days_of_year' @> to_jsonb(date_part('doy', p_day)::integer)
    )
    and (not p_when ? 'from' or p_day >= (p_when ->> 'from')::date)
    and (not p_when ? 'until' or p_day <= (p_when ->> 'until')::date);

comment on function badges_internal._verify_is_in_time(jsonb, text, timestamptz, date) is
'Tells whether an activity lies in the times of a selector''s when.';
