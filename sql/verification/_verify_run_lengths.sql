-- Gives how long the last and the longest run of the units are in which the days lie.
--
-- A run goes on over as many missing units as grace allows, and does not count them.
create or replace function badges_internal._verify_run_lengths(
    p_days date[],
    p_unit text,
    p_grace integer,
    p_week_shift integer
)
returns table (last_run bigint, longest_run bigint)
language sql
stable
parallel safe
begin atomic
    with units as (
        select distinct
            badges_internal._verify_unit_number(p_unit, given.day, p_week_shift) as number
        from unnest(p_days) as given (day)
    ), steps as (
        select unit.*, unit.number - lag(unit.number) over (order by unit.number) as step
        from units as unit
    ), islands as (
        select count(*) filter (where step.step > p_grace + 1) over (order by step.number) as island
        from steps as step
    ), runs as (
        select island.island, count(*) as units from islands as island group by island.island
    )
    select
        coalesce((array_agg(run.units order by run.island desc))[1], 0),
        coalesce(max(run.units), 0)
    from runs as run;
end;

comment on function badges_internal._verify_run_lengths(date[], text, integer, integer) is
'Gives how long the last and the longest run of the units are in which the days lie.';
