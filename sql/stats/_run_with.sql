-- Gives the run at the end of a row with a unit more; it goes on, begins anew, or has the unit.
--
-- p_last_date: the row's last day; p_start, p_previous: the first days of the unit and of the one
-- before. A run that is null is not kept, and stays so.
create or replace function badges_internal._run_with(
    p_run integer,
    p_last_date date,
    p_start date,
    p_previous date
)
returns integer
language sql
immutable
parallel safe
return case
    when p_last_date >= p_start then p_run
    when p_last_date >= p_previous then p_run + 1
    when p_last_date < p_start then p_run - p_run + 1
    else p_run
end;

comment on function badges_internal._run_with(integer, date, date, date) is
'Gives the run at the end of a row with a unit more; it goes on, begins anew, or has the unit.';
