-- Gives the last day on which a run goes on if something counts, from the unit it counted last.
--
-- It is the last day of the unit after as many missed ones as grace allows: units that do not exist
-- for the streak, and those of p_excused, by first day, are not missed.
create or replace function badges_internal._alive_until(
    p_route badges_internal.stat_route,
    p_run_end date,
    p_excused date[]
)
returns date
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_excused integer := 0;
    v_passed integer;
    v_until date;
begin
    -- Each excused unit leaves room for one more, which may be excused too.
    loop
        v_passed := v_excused;
        v_until := badges_internal._dies_on(
            p_route.element_unit, p_run_end, 1 + coalesce(p_route.grace, 0) + v_passed,
            p_route.unit_calendar
        ) - 1;
        select count(*)
        into v_excused
        from unnest(p_excused) as excused (day)
        where excused.day > p_run_end
        and excused.day <= v_until
        and badges_internal._day_exists(p_route.unit_calendar, excused.day);
        exit when v_excused = v_passed;
    end loop;
    return v_until;
end;
$$;

comment on function badges_internal._alive_until(badges_internal.stat_route, date, date[]) is
'Gives the last day on which a run goes on if something counts, from the unit it counted last.';
