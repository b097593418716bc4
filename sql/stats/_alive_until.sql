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
    v_unit constant text := p_route.element_unit;
    v_left integer := 1 + coalesce(p_route.grace, 0);
    v_day date := p_run_end;
begin
    while v_left > 0 loop
        v_day := badges_internal._unit_end(v_unit, badges_internal._unit_start(v_unit, v_day)) + 1;
        continue when v_day = any(p_excused)
            or v_unit = 'day' and not badges_internal._day_exists(p_route.unit_calendar, v_day);
        v_left := v_left - 1;
    end loop;
    return badges_internal._unit_end(v_unit, v_day);
end;
$$;

comment on function badges_internal._alive_until(badges_internal.stat_route, date, date[]) is
'Gives the last day on which a run goes on if something counts, from the unit it counted last.';
