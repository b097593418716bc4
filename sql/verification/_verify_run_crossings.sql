-- Tells when every condition about a run began to hold, and when it ceased to.
--
-- A run holds from the latest moment of its units on. A day's activities lie within a day of it, so
-- that only the last four units of a run can hold the latest moment, and only the next three days
-- can bring an earlier run. Where units may fall, or come late into a run that could pass over
-- them, the runs of the units that count at each moment are looked at.
create or replace function badges_internal._verify_run_crossings(p_people uuid[])
returns table (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    condition_node integer,
    changed_at timestamptz,
    change integer
)
language sql
stable
parallel safe
begin atomic
    with conditions as materialized (
        select condition.*
        from badges_internal._verify_conditions() as condition
        where condition.measure in ('day_run', 'week_run', 'month_run')
    ), units as materialized (
        select
            unit.*,
            dense_rank() over (
                order by unit.peer_mentor_id, unit.org_id, unit.stat, unit.bucket, unit.measure
            ) as part
        from badges_internal._verify_units(p_people) as unit
    ), numbered as materialized (
        select
            unit.*,
            coalesce(
                unit.unit_number - lag(unit.unit_number) over in_order > unit.grace + 1, true
            ) as begins_run,
            row_number() over in_order as place,
            max(unit.from_at) over (in_order rows 1 preceding) as two_at,
            max(unit.from_at) over (in_order rows 2 preceding) as three_at,
            max(unit.from_at) over (in_order rows 3 preceding) as four_at,
            unit.until_at is not null
                or unit.grace > 0 and unit.from_at < lag(unit.from_at) over in_order as is_unruly
        from units as unit
        window in_order as (partition by unit.part order by unit.unit_number, unit.from_at)
    ), unruly_parts as materialized (
        select distinct unit.part
        from numbered as unit
        where unit.is_unruly
    ), moments as (
        select unit.part, moment.changed_at
        from units as unit
        cross join lateral (values (unit.from_at), (unit.until_at)) as moment (changed_at)
        where unit.part in (select unruly.part from unruly_parts as unruly)
        and moment.changed_at is not null
        group by unit.part, moment.changed_at
    ), counted as (
        select
            moment.part,
            moment.changed_at,
            unit.unit_number,
            coalesce(
                unit.unit_number - lag(unit.unit_number) over (
                    partition by moment.part, moment.changed_at order by unit.unit_number
                ) > unit.grace + 1,
                true
            ) as begins_run
        from moments as moment
        left join units as unit
            on unit.part = moment.part
            and unit.from_at <= moment.changed_at
            and (unit.until_at > moment.changed_at or unit.until_at is null)
    ), runs as (
        select
            counted.*,
            count(*) filter (where counted.begins_run) over (
                partition by counted.part, counted.changed_at order by counted.unit_number
            ) as run
        from counted
    ), levels as (
        select run.part, run.changed_at, max(run.units) as level
        from (
            select run.part, run.changed_at, count(run.unit_number) as units
            from runs as run
            group by run.part, run.changed_at, run.run
        ) as run
        group by run.part, run.changed_at
    ), steps as (
        select
            level.*,
            lag(level.level, 1, 0::bigint) over (
                partition by level.part order by level.changed_at
            ) as earlier_level
        from levels as level
    ), parts as (
        select distinct on (unit.part)
            unit.part, unit.peer_mentor_id, unit.org_id, unit.stat, unit.measure
        from units as unit
        order by unit.part
    )
    select
        part.peer_mentor_id,
        part.org_id,
        condition.badge_definition_id,
        condition.tier,
        condition.occurrence,
        condition.condition_node,
        step.changed_at,
        case when step.level >= condition.threshold then 1 else -1 end
    from steps as step
    inner join parts as part using (part)
    inner join conditions as condition using (org_id, stat, measure)
    where (step.level >= condition.threshold) <> (step.earlier_level >= condition.threshold)
    union all
    select
        run.peer_mentor_id,
        run.org_id,
        condition.badge_definition_id,
        condition.tier,
        condition.occurrence,
        condition.condition_node,
        min(
            case
                when condition.threshold <= 1 then run.from_at
                when condition.threshold <= 2 then run.two_at
                when condition.threshold <= 3 then run.three_at
                else run.four_at
            end
        ),
        1
    from (
        select
            unit.*,
            1 + unit.place - max(unit.place) filter (where unit.begins_run) over (
                partition by unit.part order by unit.place
            ) as run_length
        from numbered as unit
        left join unruly_parts as unruly using (part)
        where unruly.part is null
    ) as run
    inner join conditions as condition using (org_id, stat, measure)
    where run.run_length >= condition.threshold
    and run.run_length < condition.threshold + 4
    group by
        run.peer_mentor_id,
        run.org_id,
        condition.badge_definition_id,
        condition.tier,
        condition.occurrence,
        condition.condition_node,
        run.part;
end;

comment on function badges_internal._verify_run_crossings(uuid[]) is
'Tells when every condition about a run began to hold, and when it ceased to.';
