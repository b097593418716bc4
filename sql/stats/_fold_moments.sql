-- Gives the part of the fold's statement that dates what its own activities decide.
--
-- dated: crossings with their moment and deciding activity; undated: badges of people left to the
-- general way. Nothing fell here, so a moment is that of the k-th activity, of the first running
-- sum that is enough, or of the last unit or value needed.
create or replace function badges_internal._fold_moments()
returns text
language sql
immutable
parallel safe
return $statement$
placed as (
    select
        picked.cell, picked.bucket, picked.occurred_at, picked.activity_id,
        row_number() over (
            partition by picked.cell, nullif(picked.bucket, '')
            order by picked.occurred_at, picked.activity_id
        ) as place
    from picked
    join asked on asked.cell = picked.cell
    where asked.measure = 'count'
    and picked.stat_no in (select own.stat_no from asked as own where own.measure = 'count')
),
summed as (
    select
        picked.cell, picked.bucket, picked.occurred_at, picked.measured,
        sum(picked.measured) over (
            partition by picked.cell, nullif(picked.bucket, '')
            order by picked.occurred_at, picked.activity_id
            rows between unbounded preceding and current row
        ) as value
    from picked
    join asked on asked.cell = picked.cell
    where asked.measure = 'sum'
    and picked.measured > 0
    and picked.stat_no in (select own.stat_no from asked as own where own.measure = 'sum')
),
collected as (
    select
        decided.cell, decided.bucket, decided.first_at,
        row_number() over (
            partition by decided.cell, nullif(decided.bucket, '') order by decided.first_at
        ) as place
    from decided
    where decided.is_counted
    and not decided.was_counted
),
-- Of the first run that is long enough: the unit that completes it, and when it and the two before
-- it first counted. A day's moments lie within two days of it: only those two may count later.
completed as materialized (
    select
        crossed.crossing_no, crossed.cell, crossed.bucket, unit.name,
        badges_internal._unit_day(
            unit.name, found.number - least(ceil(crossed.threshold), 3)::integer
        ) - date '1900-01-01' as first_day,
        badges_internal._unit_day(unit.name, found.number) - 1 - date '1900-01-01' as last_day
    from crossed
    join spans on spans.cell = crossed.cell and spans.bucket = crossed.bucket
    cross join lateral (select split_part(crossed.measure, '_', 1) as name) as unit
    cross join lateral (
        select min(lower(run)) + ceil(crossed.threshold)::integer as number
        from unnest(case unit.name
            when 'day' then spans.day_runs
            when 'week' then spans.week_runs
            else spans.month_runs
        end) as run
        where upper(run) - lower(run) >= crossed.threshold
    ) as found
    where crossed.is_datable
    and crossed.measure like '%run'
    and crossed.threshold > 1
),
counted_days as (
    select
        days.cell, days.bucket, days.counted_at,
        row_number() over (
            partition by days.cell, nullif(days.bucket, '') order by days.counted_at
        ) as place
    from days
    join asked on asked.cell = days.cell and asked.measure = 'active_days'
),
moments as (
    select crossed.crossing_no, placed.occurred_at, placed.activity_id
    from crossed
    join placed
        on placed.cell = crossed.cell
        and placed.bucket = crossed.bucket
        and placed.place = (ceil(crossed.threshold) - crossed.before)::bigint
    where crossed.is_datable
    and crossed.measure = 'count'
    union all
    select crossed.crossing_no, summed.occurred_at, null
    from crossed
    join summed
        on summed.cell = crossed.cell
        and summed.bucket = crossed.bucket
        and crossed.before + summed.value >= crossed.threshold
        and crossed.before + summed.value - summed.measured < crossed.threshold
    where crossed.is_datable
    and crossed.measure = 'sum'
    union all
    select crossed.crossing_no, min(picked.occurred_at), null
    from crossed
    join picked
        on picked.cell = crossed.cell
        and picked.bucket = crossed.bucket
        and picked.measured >= crossed.threshold
    where crossed.is_datable
    and crossed.measure = 'max'
    and picked.stat_no in (select own.stat_no from asked as own where own.measure = 'max')
    group by crossed.crossing_no
    union all
    select crossed.crossing_no, collected.first_at, null
    from crossed
    join collected
        on collected.cell = crossed.cell
        and collected.bucket = crossed.bucket
        and collected.place = (ceil(crossed.threshold) - crossed.before)::bigint
    where crossed.is_datable
    and crossed.measure = 'distinct'
    union all
    select crossed.crossing_no, counted_days.counted_at, null
    from crossed
    join counted_days
        on counted_days.cell = crossed.cell
        and counted_days.bucket = crossed.bucket
        and counted_days.place = ceil(crossed.threshold)::bigint
    where crossed.is_datable
    and crossed.measure = 'active_days'
    union all
    select unit.crossing_no, max(unit.counted_at), null
    from (
        select completed.crossing_no, min(days.counted_at) as counted_at
        from completed
        join days
            on days.cell = completed.cell
            and days.bucket = completed.bucket
            and days.day_no between completed.first_day and completed.last_day
        group by
            completed.crossing_no,
            badges_internal._unit_number(completed.name, date '1900-01-01' + days.day_no)
    ) as unit
    group by unit.crossing_no
),
-- The activities of those moments: each step a join of its own, however many it is thought to give.
waiting as materialized (
    select crossed.*, moments.occurred_at
    from moments
    join crossed on crossed.crossing_no = moments.crossing_no
    where moments.activity_id is null
),
concurrent as materialized (
    select
        waiting.crossing_no, waiting.stat_no, waiting.measure, waiting.bucket, a.org_id,
        a.activity_type, a.activity_date, a.occurred_at, a.quantity, a.attributes, a.activity_id
    from arrived as a
    join waiting
        on waiting.person_no = a.person_no
        and waiting.occurred_at = a.occurred_at
),
-- The last one of them decides, where there is no doubt which ones do.
decisive as (
    select
        a.crossing_no, a.occurred_at,
        case
            when a.measure = 'sum' or count(*) = 1
                or a.measure not in ('max', 'distinct')
                and min(a.activity_date) = max(a.activity_date)
                then max(a.activity_id)
        end as activity_id
    from concurrent as a
    join wanted
        on wanted.stat_no = a.stat_no
        and wanted.activity_type = a.activity_type
    cross join lateral badges_internal._reading(
        wanted.per_field, wanted.window_unit, wanted.value_field, wanted.element_field,
        wanted.element_unit, wanted.element_measure, wanted.element_value_field, a.attributes,
        a.quantity, a.activity_date
    ) as reading
    where reading.bucket = a.bucket
    and badges_internal._is_chosen(
        wanted.predicate, wanted.needs_quantity, wanted.needs_calendar, wanted.clock_zone,
        a.attributes, a.quantity, a.activity_date, a.occurred_at
    )
    group by a.crossing_no, a.occurred_at, a.measure
),
decided_crossings as materialized (
    select moments.crossing_no, moments.occurred_at, moments.activity_id
    from moments
    where moments.activity_id is not null
    union all
    select decisive.crossing_no, decisive.occurred_at, decisive.activity_id
    from decisive
    where decisive.activity_id is not null
),
undated as materialized (
    select crossed.person_no, crossed.badge_definition_id
    from crossed
    left join decided_crossings as decision on decision.crossing_no = crossed.crossing_no
    where decision.crossing_no is null
),
dated as (
    select distinct on (
        crossed.person_no, crossed.badge_definition_id, crossed.tier, crossed.occurrence,
        crossed.node
    )
        crossed.*, decision.occurred_at, decision.activity_id
    from crossed
    join decided_crossings as decision on decision.crossing_no = crossed.crossing_no
    where (crossed.person_no, crossed.badge_definition_id) not in (
        select undated.person_no, undated.badge_definition_id
        from undated
    )
    order by
        crossed.person_no, crossed.badge_definition_id, crossed.tier, crossed.occurrence,
        crossed.node, decision.occurred_at, decision.activity_id desc
)
$statement$;

comment on function badges_internal._fold_moments() is
'Gives the part of the fold''s statement that dates what its own activities decide.';
