-- Gives the day on which a run has died if, after a day's unit, so many that exist are missed.
--
-- p_calendar: of a streak, the days that exist; null = all. It is the day after the last of them.
create or replace function badges_internal._dies_on(
    p_unit text,
    p_day date,
    p_missed integer,
    p_calendar jsonb
)
returns date
language plpgsql
immutable
parallel safe
as $$
declare
    v_day date := p_day + p_missed;
    v_left integer;
    v_number constant integer := badges_internal._unit_number(p_unit, p_day) + p_missed + 1;
begin
    if p_calendar is null then
        return badges_internal._unit_day(p_unit, v_number);
    end if;
    -- No day is passed over: each step is of as many days as are missing still.
    loop
        v_day := v_day + 1;
        v_left := p_missed - badges_internal._missed_units(p_unit, p_day, v_day, p_calendar);
        exit when v_left <= 0;
        v_day := v_day + v_left - 1;
    end loop;
    return v_day;
end;
$$;

comment on function badges_internal._dies_on(text, date, integer, jsonb) is
'Gives the day on which a run has died if, after a day''s unit, so many that exist are missed.';
