-- Tells when every condition over activities began to hold, and when it ceased to.
--
-- A part's activities are taken in the order of occurred_at, those of one instant together; change
-- is 1 where the condition holds from this instant on, -1 where no longer. Only a value that falls
-- makes it cease. A longest run of units is dated by the latest first moment of the units in it; a
-- day's activities lie within a day of it, so that only the last four units of a run can hold the
-- latest moment, and only the next three days can bring an earlier run.
create or replace function badges_internal._verify_crossings(p_people uuid[])
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
        where condition.stat is not null
    ), watched as materialized (
        select distinct condition.org_id, condition.stat, condition.measure
        from conditions as condition
    ), selectors as materialized (
        select selector.*
        from badges_internal._verify_selectors() as selector
    ), choices as materialized (
        select choice.*
        from badges_internal._verify_choices(p_people) as choice
        where exists (
            select
            from watched
            where watched.org_id = choice.org_id
            and watched.stat = choice.stat
        )
    ), element_amounts as (
        select
            peer_mentor_id,
            org_id,
            stat,
            bucket,
            element,
            element_measure,
            element_at_least,
            occurred_at,
            case
                when element_measure = 'count' then count(*)
                when element_measure = 'sum' then sum(element_value)
                when element_measure = 'max' then max(element_value)
                when element_measure = 'active_days' then count(*) filter (where day_rank = 1)
            end as amount
        from (
            select
                choice.*,
                selector.element_measure,
                selector.element_at_least,
                row_number() over (
                    partition by
                        choice.peer_mentor_id,
                        choice.org_id,
                        choice.stat,
                        choice.bucket,
                        choice.element,
                        choice.activity_date
                    order by choice.occurred_at
                ) as day_rank
            from choices as choice
            inner join selectors as selector using (org_id, stat)
            where choice.element is not null
        ) as choice
        group by
            peer_mentor_id,
            org_id,
            stat,
            bucket,
            element,
            element_measure,
            element_at_least,
            occurred_at
    ), element_levels as (
        select
            amount.*,
            coalesce(case
                when amount.element_measure = 'max' then max(amount.amount) over in_order
                else sum(amount.amount) over in_order
            end >= amount.element_at_least, false) as is_counted
        from element_amounts as amount
        window in_order as (
            partition by
                amount.peer_mentor_id, amount.org_id, amount.stat, amount.bucket, amount.element
            order by amount.occurred_at
        )
    ), element_steps as (
        select
            level.*,
            lag(level.is_counted, 1, false) over (
                partition by
                    level.peer_mentor_id, level.org_id, level.stat, level.bucket, level.element
                order by level.occurred_at
            ) as was_counted
        from element_levels as level
    ), element_changes as materialized (
        select
            step.peer_mentor_id,
            step.org_id,
            step.stat,
            step.bucket,
            step.element,
            step.occurred_at as changed_at,
            case when step.is_counted then 1 else -1 end as change,
            lead(step.occurred_at) over (
                partition by step.peer_mentor_id, step.org_id, step.stat, step.bucket, step.element
                order by step.occurred_at
            ) as until_at
        from element_steps as step
        where step.is_counted <> step.was_counted
    ), amounts as (
        select
            choice.peer_mentor_id,
            choice.org_id,
            choice.stat,
            choice.bucket,
            watched.measure,
            choice.occurred_at as changed_at,
            case
                when watched.measure = 'count' then count(*)
                when watched.measure = 'sum' then sum(choice.value)
                else max(choice.value)
            end as amount
        from choices as choice
        inner join watched using (org_id, stat)
        where watched.measure in ('count', 'sum', 'max')
        group by
            choice.peer_mentor_id,
            choice.org_id,
            choice.stat,
            choice.bucket,
            watched.measure,
            choice.occurred_at
        union all
        select
            day.peer_mentor_id,
            day.org_id,
            day.stat,
            day.bucket,
            'active_days',
            day.first_at,
            count(*)
        from (
            select
                choice.peer_mentor_id,
                choice.org_id,
                choice.stat,
                choice.bucket,
                min(choice.occurred_at) as first_at
            from choices as choice
            inner join watched using (org_id, stat)
            where watched.measure = 'active_days'
            group by
                choice.peer_mentor_id,
                choice.org_id,
                choice.stat,
                choice.bucket,
                choice.activity_date
        ) as day
        group by day.peer_mentor_id, day.org_id, day.stat, day.bucket, day.first_at
        union all
        select
            element.peer_mentor_id,
            element.org_id,
            element.stat,
            element.bucket,
            'distinct',
            element.changed_at,
            sum(element.change)
        from element_changes as element
        group by
            element.peer_mentor_id,
            element.org_id,
            element.stat,
            element.bucket,
            element.changed_at
    ), units as materialized (
        select
            choice.peer_mentor_id,
            choice.org_id,
            choice.stat,
            choice.bucket,
            unit.name as unit,
            badges_internal._verify_unit_number(unit.name, choice.activity_date) as unit_number,
            min(choice.occurred_at) as from_at,
            null::timestamptz as until_at
        from choices as choice
        inner join watched using (org_id, stat)
        inner join (values ('day'), ('week'), ('month')) as unit (name)
            on watched.measure = unit.name || '_run'
        left join selectors as selector using (org_id, stat)
        where selector.element_unit is null
        group by
            choice.peer_mentor_id,
            choice.org_id,
            choice.stat,
            choice.bucket,
            unit.name,
            badges_internal._verify_unit_number(unit.name, choice.activity_date)
        union all
        select
            element.peer_mentor_id,
            element.org_id,
            element.stat,
            element.bucket,
            selector.element_unit,
            badges_internal._verify_unit_number(selector.element_unit, element.element::date),
            element.changed_at,
            element.until_at
        from element_changes as element
        inner join selectors as selector using (org_id, stat)
        where element.change = 1
        and selector.element_unit is not null
    ), falling_parts as (
        select distinct
            unit.peer_mentor_id, unit.org_id, unit.stat, unit.bucket, unit.unit
        from units as unit
        where unit.until_at is not null
    ), moments as (
        select
            element.peer_mentor_id,
            element.org_id,
            element.stat,
            element.bucket,
            falling.unit,
            element.changed_at
        from falling_parts as falling
        inner join element_changes as element using (peer_mentor_id, org_id, stat, bucket)
        group by
            element.peer_mentor_id,
            element.org_id,
            element.stat,
            element.bucket,
            falling.unit,
            element.changed_at
    ), falling_runs as (
        select
            moment.*,
            unit.unit_number - row_number() over (
                partition by
                    moment.peer_mentor_id,
                    moment.org_id,
                    moment.stat,
                    moment.bucket,
                    moment.changed_at
                order by unit.unit_number
            ) as run,
            unit.unit_number
        from moments as moment
        left join units as unit
            on unit.peer_mentor_id = moment.peer_mentor_id
            and unit.org_id = moment.org_id
            and unit.stat = moment.stat
            and unit.bucket = moment.bucket
            and unit.unit = moment.unit
            and unit.from_at <= moment.changed_at
            and (unit.until_at > moment.changed_at or unit.until_at is null)
    ), levels as (
        select
            amount.peer_mentor_id,
            amount.org_id,
            amount.stat,
            amount.bucket,
            amount.measure,
            amount.changed_at,
            case
                when amount.measure = 'max' then max(amount.amount) over in_order
                else sum(amount.amount) over in_order
            end as level
        from amounts as amount
        window in_order as (
            partition by
                amount.peer_mentor_id, amount.org_id, amount.stat, amount.bucket, amount.measure
            order by amount.changed_at
        )
        union all
        select
            run.peer_mentor_id,
            run.org_id,
            run.stat,
            run.bucket,
            run.unit || '_run',
            run.changed_at,
            max(run.run_length)
        from (
            select
                falling.peer_mentor_id,
                falling.org_id,
                falling.stat,
                falling.bucket,
                falling.unit,
                falling.changed_at,
                count(falling.unit_number) as run_length
            from falling_runs as falling
            group by
                falling.peer_mentor_id,
                falling.org_id,
                falling.stat,
                falling.bucket,
                falling.unit,
                falling.changed_at,
                falling.run
        ) as run
        group by
            run.peer_mentor_id, run.org_id, run.stat, run.bucket, run.unit, run.changed_at
    ), steps as (
        select
            level.*,
            lag(level.level) over (
                partition by
                    level.peer_mentor_id, level.org_id, level.stat, level.bucket, level.measure
                order by level.changed_at
            ) as earlier_level
        from levels as level
    ), numbered_units as (
        select
            unit.*,
            unit.unit_number - lag(unit.unit_number) over in_order as step,
            max(unit.from_at) over (in_order rows 1 preceding) as two_at,
            max(unit.from_at) over (in_order rows 2 preceding) as three_at,
            max(unit.from_at) over (in_order rows 3 preceding) as four_at
        from units as unit
        left join falling_parts as falling using (peer_mentor_id, org_id, stat, bucket, unit)
        where falling.stat is null
        window in_order as (
            partition by unit.peer_mentor_id, unit.org_id, unit.stat, unit.bucket, unit.unit
            order by unit.unit_number
        )
    ), runs as (
        select
            unit.*,
            1 + unit.unit_number - max(unit.unit_number) filter (where unit.step is distinct from 1)
                over (
                    partition by
                        unit.peer_mentor_id, unit.org_id, unit.stat, unit.bucket, unit.unit
                    order by unit.unit_number
                ) as run_length
        from numbered_units as unit
    )
    select
        step.peer_mentor_id,
        step.org_id,
        condition.badge_definition_id,
        condition.tier,
        condition.occurrence,
        condition.condition_node,
        step.changed_at,
        case when step.level >= condition.threshold then 1 else -1 end
    from steps as step
    inner join conditions as condition using (org_id, stat, measure)
    where coalesce(step.level >= condition.threshold, false)
        <> coalesce(step.earlier_level >= condition.threshold, false)
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
    from runs as run
    inner join conditions as condition
        on condition.org_id = run.org_id
        and condition.stat = run.stat
        and condition.measure = run.unit || '_run'
    where run.run_length >= condition.threshold
    and run.run_length < condition.threshold + 4
    group by
        run.peer_mentor_id,
        run.org_id,
        condition.badge_definition_id,
        condition.tier,
        condition.occurrence,
        condition.condition_node,
        run.bucket;
end;

comment on function badges_internal._verify_crossings(uuid[]) is
'Tells when every condition over activities began to hold, and when it ceased to.';
