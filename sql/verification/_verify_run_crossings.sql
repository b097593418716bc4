-- Tells when every condition about a run began to hold, and when it ceased to.
--
-- A run holds from the latest moment of its units on. A day's activities lie within a day of it, so
-- that only the last four units of a run can hold the latest moment, and only the next three days
-- can bring an earlier run. Of unruly parts the runs of the units that count at each moment are
-- looked at; excused units that do not count then are left out of the numbers.
create or replace function badges_internal._verify_run_crossings(
    p_scope badges_internal.verified_scope
)
returns setof badges_internal.verified_crossing
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (
        select from unnest(p_scope.stats) as stat
        where stat.measures && array['day_run', 'week_run', 'month_run']
    ) then
        return;
    end if;
    return query
    with placed as materialized (
        select unit.*
        from badges_internal._verify_placed_units(p_scope) as unit
    ), units as materialized (
        select
            unit.*,
            dense_rank() over (order by
                unit.peer_mentor_id, unit.number, unit.window_date, unit.per_value, unit.measure
            ) as part
        from placed as unit
        where unit.is_of_unruly_part
    ), present as (
        select
            moment.part,
            moment.changed_at,
            unit.unit_number,
            max(unit.grace) as grace,
            bool_and(unit.is_excused) as is_passed_over
        from (
            select unit.part, unit.from_at as changed_at from units as unit
            union
            select unit.part, unit.until_at from units as unit where unit.until_at is not null
        ) as moment
        left join units as unit
            on unit.part = moment.part
            and unit.from_at <= moment.changed_at
            and (unit.until_at > moment.changed_at or unit.until_at is null)
        group by moment.part, moment.changed_at, unit.unit_number
    ), numbered as (
        select
            present.*,
            present.unit_number - count(*) filter (where present.is_passed_over) over (
                partition by present.part, present.changed_at order by present.unit_number
            ) as place
        from present
    ), counted as (
        select
            unit.part,
            unit.changed_at,
            unit.unit_number,
            coalesce(
                unit.place - lag(unit.place) over (
                    partition by unit.part, unit.changed_at order by unit.unit_number
                ) > unit.grace + 1,
                true
            ) as begins_run
        from numbered as unit
        where unit.is_passed_over is not true
    ), runs as (
        select
            counted.*,
            count(*) filter (where counted.begins_run) over (
                partition by counted.part, counted.changed_at order by counted.unit_number
            ) as run
        from counted
    ), levels as (
        select distinct
            run.part,
            run.changed_at,
            max(count(run.unit_number)) over (partition by run.part, run.changed_at) as level
        from runs as run
        group by run.part, run.changed_at, run.run
    ), steps as (
        select
            level.*,
            lag(level.level, 1, 0::bigint)
                over (partition by level.part order by level.changed_at) as earlier_level
        from levels as level
    )
    select
        part.peer_mentor_id, condition.org_id, condition.badge_definition_id, condition.tier,
        condition.occurrence, condition.condition_node,
        step.changed_at,
        case when step.level >= condition.threshold then 1 else -1 end
    from steps as step
    inner join (select distinct part, peer_mentor_id, number, measure from units) as part
        using (part)
    inner join badges_internal._verify_conditions(p_scope) as condition using (number, measure)
    where (step.level >= condition.threshold) <> (step.earlier_level >= condition.threshold)
    union all
    select
        run.peer_mentor_id,
        condition.org_id,
        condition.badge_definition_id,
        condition.tier,
        condition.occurrence,
        condition.condition_node,
        min(
            case
                when condition.threshold <= 1 then run.from_at
                when condition.threshold <= 2 then greatest(run.from_at, run.before_at)
                when condition.threshold <= 3
                    then greatest(run.from_at, run.before_at, run.two_before_at)
                else greatest(run.from_at, run.before_at, run.two_before_at, run.three_before_at)
            end
        ),
        1
    from placed as run
    inner join badges_internal._verify_conditions(p_scope) as condition using (number, measure)
    where not run.is_of_unruly_part
    and not run.is_excused
    and run.run_length >= condition.threshold
    and run.run_length < condition.threshold + 4
    group by 1, 2, 3, 4, 5, 6, run.number, run.window_date, run.per_value, run.measure;
end;
$$;

comment on function badges_internal._verify_run_crossings(badges_internal.verified_scope) is
'Tells when every condition about a run began to hold, and when it ceased to.';
