-- Adds a span of later units to the runs that a row has: the run at its end, and the longest.
--
-- Units are numbers of _unit_number. p_unit, p_run, p_longest: the row's last unit (null = it has
-- none yet), the run that ends there, the longest. p_first .. p_last: the new units, of which the
-- first run ends at p_first_end and the last begins at p_last_start; p_new_longest: their longest.
create or replace function badges_internal._extended_run(
    p_unit integer,
    p_run integer,
    p_longest integer,
    p_first integer,
    p_first_end integer,
    p_last_start integer,
    p_last integer,
    p_new_longest integer
)
returns table (run integer, longest integer)
language sql
immutable
parallel safe
rows 1
begin atomic
select
    p_last + 1 - case
        when p_first <= p_unit + 1 and p_last_start = p_first then p_unit - p_run + 1
        else p_last_start
    end,
    greatest(
        p_longest,
        p_new_longest,
        case when p_first <= p_unit + 1 then p_first_end - p_unit + p_run end
    );
end;

comment on function badges_internal._extended_run(
    integer, integer, integer, integer, integer, integer, integer, integer
) is
'Adds a span of later units to the runs that a row has: the run at its end, and the longest.';
