-- Gives the day on which a run dies if nothing more counts, null = it may have been broken.
--
-- p_run_end, p_length: those of the run; unbroken is one that counts the unit of p_earned_on, a day
-- of its award. p_grace, p_calendar: the route's. Of days that all exist it is plain arithmetic.
create or replace function badges_internal._unbroken_until(
    p_measure text,
    p_run_end date,
    p_length integer,
    p_grace integer,
    p_calendar jsonb,
    p_week_starts text,
    p_earned_on date
)
returns date
language plpgsql
immutable
as $$
declare
    v_missed constant integer := 1 + coalesce(p_grace, 0); -- so many, and it is dead
    v_unit text := 'day';
begin
    if p_measure = 'day_run' then
        if p_run_end - p_length >= p_earned_on then
            return null;
        elsif p_calendar is null then
            return p_run_end + v_missed + 1;
        end if;
    else
        v_unit := badges_internal._calendar_unit(split_part(p_measure, '_', 1), p_week_starts);
        if badges_internal._unit_number(v_unit, p_run_end) - p_length
            >= badges_internal._unit_number(v_unit, p_earned_on)
        then
            return null;
        end if;
    end if;
    return badges_internal._dies_on(v_unit, p_run_end, v_missed, p_calendar);
end;
$$;

comment on function badges_internal._unbroken_until(
    text, date, integer, integer, jsonb, text, date
) is
'Gives the day on which a run dies if nothing more counts, null = it may have been broken.';
