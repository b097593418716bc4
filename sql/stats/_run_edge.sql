-- Gives the outermost unit of a run of active days, weeks or months on one side of a unit in it.
--
-- A unit's number: _unit_number. p_step: the side, -1 or 1. p_known_first, p_known_last: a run that
-- is known, null = none: its units are not probed. Every other one is, by the index, until a gap
-- shows. p_hidden, p_hidden_days: activities and days that are not seen.
create or replace function badges_internal._run_edge(
    p_peer_mentor_id uuid,
    p_org_id text,
    p_types text[],
    p_route badges_internal.stat_route,
    p_bucket text,
    p_hidden bigint[],
    p_hidden_days date[],
    p_unit text,
    p_number integer,
    p_step integer,
    p_known_first integer,
    p_known_last integer
)
returns integer
language plpgsql
volatile
as $$
begin
    return (
        select unit.number - p_step
        from (
            select generate_series(p_number + p_step, p_number + p_step * 1000000, p_step)
                as number
        ) as unit
        where (unit.number between p_known_first and p_known_last) is not true
        and not exists (
            select
            from badges_internal._chosen_activities(
                p_peer_mentor_id, p_org_id, p_types, p_route, p_bucket,
                badges_internal._unit_day(p_unit, unit.number),
                badges_internal._unit_day(p_unit, unit.number + 1) - 1
            ) as found
            where found.activity_id <> all (p_hidden)
            and found.activity_date <> all (p_hidden_days)
        )
        limit 1
    );
end;
$$;

comment on function badges_internal._run_edge(
    uuid, text, text[], badges_internal.stat_route, text, bigint[], date[], text, integer, integer,
    integer, integer
) is
'Gives the outermost unit of a run of active days, weeks or months on one side of a unit in it.';
