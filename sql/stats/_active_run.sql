-- Gives the first and last unit of the run of active days, weeks or months that holds one of them.
--
-- A unit's number: _unit_number. p_new_days: null where another day of the unit is active: its runs
-- are known; null = whatever the unit holds. p_held_first, p_held_last: a run that is known, null
-- = none: its units are not probed. Every other one is, by the index, until a gap shows.
create or replace function badges_internal._active_run(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_types text[],
    p_route badges_internal.stat_route,
    p_bucket text,
    p_hidden bigint[], -- activities that are not seen
    p_unit text,
    p_number integer,
    p_new_days date[],
    p_held_first integer,
    p_held_last integer,
    out first_unit integer,
    out last_unit integer
)
language plpgsql
volatile
as $$
declare
    v_edge integer;
begin
    if exists (
        select
        from badges_internal._chosen_activities(
            p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket,
            badges_internal._unit_day(p_unit, p_number),
            badges_internal._unit_day(p_unit, p_number + 1) - 1
        ) as found
        where found.activity_date <> all (p_new_days)
        and found.activity_id <> all (p_hidden)
    ) then
        return;
    end if;
    for v_step in -1 .. 1 by 2 loop
        v_edge := (
            select unit.number - v_step
            from (
                select generate_series(p_number + v_step, p_number + v_step * 1000000, v_step)
                    as number
            ) as unit
            where (unit.number between p_held_first and p_held_last) is not true
            and not exists (
                select
                from badges_internal._chosen_activities(
                    p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket,
                    badges_internal._unit_day(p_unit, unit.number),
                    badges_internal._unit_day(p_unit, unit.number + 1) - 1
                ) as found
                where found.activity_id <> all (p_hidden)
            )
            limit 1
        );
        first_unit := coalesce(first_unit, v_edge);
        last_unit := v_edge;
    end loop;
end;
$$;
