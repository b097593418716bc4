-- Gives the length of a row's longest run of active units; one of p_enough ends the search.
create or replace function badges_internal._longest_run(
    p_part badges_internal.changed_part,
    p_unit text,
    p_enough integer
)
returns integer
language plpgsql
volatile
as $$
declare
    v_longest integer := 0;
    v_first integer; -- units of the run at hand, newest first
    v_last integer;
    v_number integer;
begin
    for v_number in
        select badges_internal._unit_number(p_unit, found.activity_date)
        from badges_internal._part_activities(p_part, null, null) as found
        order by found.activity_date desc
    loop
        if v_number = v_first then
            continue;
        elsif v_number = v_first - 1 then
            v_first := v_number;
        else
            v_first := v_number;
            v_last := v_number;
        end if;
        v_longest := greatest(v_longest, v_last - v_first + 1);
        exit when v_longest >= p_enough;
    end loop;
    return v_longest;
end;
$$;

comment on function badges_internal._longest_run(badges_internal.changed_part, text, integer) is
'Gives the length of a row''s longest run of active units; one of p_enough ends the search.';
