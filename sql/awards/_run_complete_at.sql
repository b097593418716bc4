-- Gives the first moment at which so many successive units counted, one of them the middle one.
--
-- p_moments: when each unit counted, null = not at all; p_middle: the place of the unit looked
-- around. Null where there is no such run.
create or replace function badges_internal._run_complete_at(
    p_moments timestamptz[],
    p_middle integer,
    p_length integer
)
returns timestamptz
language plpgsql
immutable
as $$
declare
    v_length integer := 0;
    v_at timestamptz;
begin
    if p_moments[p_middle] is null then
        return null;
    end if;
    for v_place in reverse p_middle - 1 .. p_middle - p_length + 1 loop
        exit when p_moments[v_place] is null;
        v_length := v_length + 1;
    end loop;
    for v_place in p_middle .. p_middle + p_length - 1 loop
        exit when p_moments[v_place] is null;
        v_length := v_length + 1;
        if v_length >= p_length then
            -- No unit counts later than the next but two: a moment lies within a day of its day.
            v_at := least(v_at, (
                select max(moment)
                from unnest(p_moments[greatest(v_place - 2, v_place - p_length + 1):v_place])
                    as moment
            ));
        end if;
    end loop;
    return v_at;
end;
$$;

comment on function badges_internal._run_complete_at(timestamptz[], integer, integer) is
'Gives the first moment at which so many successive units counted, one of them the middle one.';
