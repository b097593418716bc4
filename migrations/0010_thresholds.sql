-- The thresholds of each stat beside it: the next one is told without a look at the milestones. And
-- what a fold leaves to do for streaks of units.
-- depends: 0009_awards_straight

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- What a row of the snapshot has of each measure; of runs the longest.
create type badges_internal.stat_values as (
    activity_count bigint,
    value_sum numeric,
    value_max numeric,
    active_days integer,
    distinct_count integer,
    day_run integer,
    week_run integer,
    month_run integer
);

-- The lowest hundred thresholds of each measure, rising; of whole measures rounded up. Null where no
-- milestone asks for the measure.
create type badges_internal.stat_thresholds as (
    activity_count numeric [],
    value_sum numeric [],
    value_max numeric [],
    active_days numeric [],
    distinct_count numeric [],
    day_run numeric [],
    week_run numeric [],
    month_run numeric []
);

alter type badges_internal.fold_result
    add attribute unit_changes badges_internal.element_change[]; -- whose runs are to be placed

alter table badges_internal.stat_definitions
    add column thresholds badges_internal.stat_thresholds;

update badges_internal.stat_definitions as defined
set thresholds = listed.thresholds
from (
    select
        org_id,
        stat,
        row(
            max(numbers) filter (where measure = 'count'),
            max(numbers) filter (where measure = 'sum'),
            max(numbers) filter (where measure = 'max'),
            max(numbers) filter (where measure = 'active_days'),
            max(numbers) filter (where measure = 'distinct'),
            max(numbers) filter (where measure = 'day_run'),
            max(numbers) filter (where measure = 'week_run'),
            max(numbers) filter (where measure = 'month_run')
        )::badges_internal.stat_thresholds as thresholds
    from (
        select
            org_id,
            stat,
            measure,
            (array_agg(distinct number order by number))[:100] as numbers
        from (
            select
                milestone.org_id,
                milestone.stat,
                milestone.measure,
                case
                    when milestone.measure in ('sum', 'max') then milestone.threshold
                    else least(ceil(milestone.threshold), 2147483647)
                end as number
            from badges_internal.milestones as milestone
            where milestone.stat is not null
        ) as rounded
        group by org_id, stat, measure
    ) as measured
    group by org_id, stat
) as listed
where listed.org_id = defined.org_id
and listed.stat = defined.stat;
