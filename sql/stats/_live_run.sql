-- Gives the length of a run as of a day: 0 once more units have passed than it may pass over.
--
-- p_grace: how many units in succession a run may pass over; the unit of p_as_of may still count.
create or replace function badges_internal._live_run(
    p_unit text,
    p_length integer,
    p_run_end date,
    p_grace integer,
    p_as_of date
)
returns integer
language sql
immutable
parallel safe
return case
    when badges_internal._unit_number(p_unit, p_as_of)
        <= badges_internal._unit_number(p_unit, p_run_end) + 1 + coalesce(p_grace, 0)
        then p_length
    else 0
end;

comment on function badges_internal._live_run(text, integer, date, integer, date) is
'Gives the length of a run as of a day: 0 once more units have passed than it may pass over.';
