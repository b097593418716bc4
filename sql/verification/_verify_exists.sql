-- Tells whether a day exists for a streak: on one of its weekdays, closed neither once nor yearly.
--
-- p_existing: null = every day does.
create or replace function badges_internal._verify_exists(p_existing jsonb, p_day date)
returns boolean
language sql
stable
parallel safe
return coalesce(
    p_existing -> 'weekdays' @> to_jsonb(date_part('isodow', p_day)::integer), true
)
and not coalesce(
    p_existing -> 'closed' ?| array[
        to_char(p_day::timestamp, 'YYYY-MM-DD'), to_char(p_day::timestamp, 'MM-DD')
    ],
    false
);

comment on function badges_internal._verify_exists(jsonb, date) is
'Tells whether a day exists for a streak: on one of its weekdays, closed neither once nor yearly.';
