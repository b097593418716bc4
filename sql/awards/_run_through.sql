-- Counts the units of the run that one unit lies in, 0 where it is not among them.
--
-- p_numbers: in their order; p_gap: how far apart two neighbours of a run may lie.
create or replace function badges_internal._run_through(
    p_numbers integer[],
    p_number integer,
    p_gap integer
)
returns integer
language plpgsql
immutable
as $$
declare
    v_place constant integer := array_position(p_numbers, p_number);
    v_first integer := v_place;
    v_last integer := v_place;
begin
    if v_place is null then
        return 0;
    end if;
    while p_numbers[v_first] - p_numbers[v_first - 1] <= p_gap loop
        v_first := v_first - 1;
    end loop;
    while p_numbers[v_last + 1] - p_numbers[v_last] <= p_gap loop
        v_last := v_last + 1;
    end loop;
    return v_last - v_first + 1;
end;
$$;

comment on function badges_internal._run_through(integer[], integer, integer) is
'Counts the units of the run that one unit lies in, 0 where it is not among them.';
