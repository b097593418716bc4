-- Finds the run of active units around an active day: first and last unit number.
--
-- Steps outwards by one index probe a unit, and at once over the run that the row has stored, so
-- the cost is the run's length and not the history's.
create or replace function badges_internal._run_around(
    p_stats badges.peer_mentor_stats,
    p_unit text,
    p_day date,
    out first_unit integer,
    out last_unit integer
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_held_last integer := badges_internal._unit_number(p_unit, p_stats.run_end);
    v_held_first integer := v_held_last + 1 - case
        when p_unit = 'day' then p_stats.day_run
        when p_unit = 'week' then p_stats.week_run
        else p_stats.month_run
    end;
    v_people uuid[] := array[p_stats.peer_mentor_id];
begin
    first_unit := badges_internal._unit_number(p_unit, p_day);
    last_unit := first_unit;
    loop
        if first_unit between v_held_first and v_held_last then
            first_unit := v_held_first;
        end if;
        exit when not exists (
            select
            from badges_internal._selected_activities(
                v_people, p_stats.org_id, p_stats.stat, p_stats.bucket,
                badges_internal._unit_day(p_unit, first_unit - 1),
                badges_internal._unit_day(p_unit, first_unit) - 1
            )
        );
        first_unit := first_unit - 1;
    end loop;
    loop
        if last_unit between v_held_first and v_held_last then
            last_unit := v_held_last;
        end if;
        exit when not exists (
            select
            from badges_internal._selected_activities(
                v_people, p_stats.org_id, p_stats.stat, p_stats.bucket,
                badges_internal._unit_day(p_unit, last_unit + 1),
                badges_internal._unit_day(p_unit, last_unit + 2) - 1
            )
        );
        last_unit := last_unit + 1;
    end loop;
end;
$$;

comment on function badges_internal._run_around(badges.peer_mentor_stats, text, date) is
'Finds the run of active units around an active day: first and last unit number.';
