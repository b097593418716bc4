-- Gives how long the last and the longest run of the units are in which the days lie.
--
-- A run goes on over as many missing units as grace allows, and does not count them. p_existing:
-- the days that exist, null = all; p_excused: by their first days, the units that are not missing.
-- Both are left out of the numbers.
create or replace function badges_internal._verify_run_lengths(
    p_days date[],
    p_unit text,
    p_grace integer,
    p_week_shift integer,
    p_existing jsonb,
    p_excused date[]
)
returns table (last_run bigint, longest_run bigint)
language sql
stable
parallel safe
begin atomic
    with given as (
        select day.day, true as is_counted from unnest(p_days) as day (day)
        union all
        select excused.day, false from unnest(p_excused) as excused (day)
    ), existing as (
        select existing.*
        from (select min(given.day) as first_day, max(given.day) as last_day from given) as span
        cross join lateral badges_internal._verify_existing_days(
            p_existing, span.first_day, span.last_day
        ) as existing
    ), present as (
        select
            coalesce(
                existing.number,
                badges_internal._verify_unit_number(p_unit, given.day, p_week_shift)
            ) as number,
            bool_or(given.is_counted) as is_counted
        from given
        left join existing on existing.day = given.day
        where p_existing is not null
        or p_excused is not null
        group by 1
    ), units as (
        -- Where nothing is left out the units are numbered at once.
        select distinct badges_internal._verify_unit_number(p_unit, day.day, p_week_shift) as number
        from unnest(p_days) as day (day)
        where p_existing is null
        and p_excused is null
        union all
        select numbered.number
        from (
            select
                present.number - count(*) filter (where not present.is_counted) over (
                    order by present.number
                ) as number,
                present.is_counted
            from present
        ) as numbered
        where numbered.is_counted
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

comment on function badges_internal._verify_run_lengths(
    date[], text, integer, integer, jsonb, date[]
) is
'Gives how long the last and the longest run of the units are in which the days lie.';
