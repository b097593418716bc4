-- Gives the unit at which the run of active units around one ends, backwards or forwards.
--
-- Reads the days from there on until a unit is missing: the cost is the run's. Units are numbered
-- as by _unit_number.
create or replace function badges_internal._run_end(
    p_part badges_internal.gone_part,
    p_unit text,
    p_number integer,
    p_is_backwards boolean
)
returns integer
language plpgsql
volatile
as $$
declare
    v_end integer := p_number;
    v_number integer;
begin
    if p_is_backwards then
        for v_number in
            select badges_internal._unit_number(p_unit, found.activity_date)
            from badges_internal._counted_activities(
                p_part, null, badges_internal._unit_day(p_unit, p_number) - 1
            ) as found
            order by found.activity_date desc
        loop
            exit when v_number < v_end - 1;
            v_end := v_number;
        end loop;
    else
        for v_number in
            select badges_internal._unit_number(p_unit, found.activity_date)
            from badges_internal._counted_activities(
                p_part, badges_internal._unit_day(p_unit, p_number + 1), null
            ) as found
            order by found.activity_date
        loop
            exit when v_number > v_end + 1;
            v_end := v_number;
        end loop;
    end if;
    return v_end;
end;
$$;

comment on function badges_internal._run_end(
    badges_internal.gone_part, text, integer, boolean
) is
'Gives the unit at which the run of active units around one ends, backwards or forwards.';
