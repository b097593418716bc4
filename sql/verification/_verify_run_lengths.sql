-- Gives how long the last and the longest run of the units are, and the last unit's first day.
--
-- A run goes on over as many missing units as grace allows, and does not count them.
create or replace function badges_internal._verify_run_lengths(
    p_first_days text[],
    p_unit text,
    p_grace integer
)
returns table (last_run bigint, longest_run bigint, run_end date)
language sql
stable
parallel safe
begin atomic
    with units as (
        select
            first_day::date as first_day,
            badges_internal._verify_unit_number(p_unit, first_day::date) as number
        from unnest(p_first_days) as given (first_day)
    ), steps as (
        select unit.*, unit.number - lag(unit.number) over (order by unit.number) as step
        from units as unit
    ), islands as (
        select
            step.*,
            count(*) filter (where step.step > p_grace + 1) over (order by step.number) as island
        from steps as step
    ), runs as (
        select island.island, count(*) as units, max(island.first_day) as run_end
        from islands as island
        group by island.island
    )
    select (array_agg(run.units order by run.island desc))[1], max(run.units), max(run.run_end)
    from runs as run;
end;

comment on function badges_internal._verify_run_lengths(text[], text, integer) is
'Gives how long the last and the longest run of the units are, and the last unit''s first day.';
