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
-- The count of all activities of a type is looked up: typed has them in their order.
chosen as materialized (
    select
        picked.cell, nullif(picked.bucket, '') as part, picked.occurred_at, picked.activity_id,
        picked.measured
    from picked
    join (
        select distinct cell
        from asked
        where is_looked_through
    ) as own on own.cell = picked.cell
    where picked.bucket is not null
    and picked.stat_no in (select asked.stat_no from asked where asked.is_looked_through)
),
placed as materialized (
    select
        cell, coalesce(part, '') as bucket, occurred_at, activity_id, measured,
        row_number() over running as place,
        sum(measured) over running as value
    from chosen
    window running as (
        partition by cell, part
        order by occurred_at, activity_id
        rows between unbounded preceding and current row
    )
),
-- The k-th activity, new value or day of a row.
ranked as (
    select 'count' as measure, cell, bucket, place, occurred_at, activity_id
    from placed
    union all
    select
        'distinct', cell, bucket,
        row_number() over (partition by cell, nullif(bucket, '') order by first_at), first_at,
        null
    from decided
    where is_counted
    and not was_counted
    union all
    select
        'active_days', day.cell, day.bucket,
        row_number() over (partition by day.cell, nullif(day.bucket, '') order by day.counted_at),
        day.counted_at, null
    from (
        select picked.cell, picked.bucket, min(picked.occurred_at) as counted_at
        from picked
        join asked on asked.cell = picked.cell and asked.measure = 'active_days'
        where picked.stat_no in (select stat_no from asked where measure = 'active_days')
        group by picked.cell, picked.bucket, picked.activity_date
    ) as day
),
-- Of the first run that is long enough: the unit that completes it, and when it and the two before
-- it first counted. A day's moments lie within two days of it: only those two may count later.
completed as materialized (
    select
        crossed.crossing_no, crossed.cell, crossed.stat_no, crossed.bucket, unit.name,
        badges_internal._unit_day(
            unit.name, found.number - least(ceil(crossed.threshold), 3)::integer
        ) as first_day,
        badges_internal._unit_day(unit.name, found.number) - 1 as last_day
    from crossed
    join spans on spans.cell = crossed.cell and spans.bucket = crossed.bucket
    join stats on stats.stat_no = crossed.stat_no
    cross join lateral (
        select case crossed.measure when 'week_run' then stats.week_unit
            else split_part(crossed.measure, '_', 1) end as name
    ) as unit
    cross join lateral (
        select min(lower(run)) + ceil(crossed.threshold)::integer as number
        from unnest(case crossed.measure when 'day_run' then spans.day_runs
            when 'week_run' then spans.week_runs else spans.month_runs end) as run
        where upper(run) - lower(run) >= crossed.threshold
    ) as found
    where crossed.is_datable and crossed.measure like '%run' and crossed.threshold > 1
),
moments as (
    select
        counted.crossing_no, typed.moments[counted.place] as occurred_at,
        typed.activity_ids[counted.place] as activity_id
    -- The type is joined first: a person alone would give all types.
    from (
        select
            crossing_no, (cell >> 20) << 20 as person_cell, kind_no,
            (ceil(threshold) - before)::integer as place
        from crossed
        join stats using (stat_no)
        where is_datable and measure = 'count' and is_single
        offset 0
    ) as counted
    join typed using (kind_no, person_cell)
    union all
    select crossed.crossing_no, ranked.occurred_at, ranked.activity_id
    from crossed
    join ranked
        on ranked.measure = crossed.measure
        and ranked.cell = crossed.cell
        and ranked.bucket = crossed.bucket
        and ranked.place = (ceil(crossed.threshold) - crossed.before)::bigint
    where crossed.is_datable
    union all
    select crossed.crossing_no, placed.occurred_at, null
    from crossed
    join placed
        on placed.cell = crossed.cell
        and placed.bucket = crossed.bucket
        and crossed.before + placed.value >= crossed.threshold
        and crossed.before + placed.value - placed.measured < crossed.threshold
    where crossed.is_datable and crossed.measure = 'sum'
    union all
    select crossed.crossing_no, min(placed.occurred_at), null
    from crossed
    join placed
        on placed.cell = crossed.cell
        and placed.bucket = crossed.bucket
        and placed.measured >= crossed.threshold
    where crossed.is_datable and crossed.measure = 'max'
    group by crossed.crossing_no
    union all
    select unit.crossing_no, max(unit.counted_at), null
    from (
        select completed.crossing_no, min(picked.occurred_at) as counted_at
        from completed
        join picked
            on picked.cell = completed.cell
            and picked.bucket = completed.bucket
            and picked.activity_date between completed.first_day and completed.last_day
        where picked.stat_no in (select own.stat_no from completed as own)
        group by
            completed.crossing_no,
            badges_internal._unit_number(completed.name, picked.activity_date)
    ) as unit
    group by unit.crossing_no
),
-- Of the activities of a moment the last one decides, where there is no doubt which ones do. Each
-- step a join of its own, however many it is thought to give.
decisive as (
    select
        a.crossing_no, a.occurred_at,
        case
            when a.measure = 'sum' or count(*) = 1
                or a.measure not in ('max', 'distinct')
                and min(a.activity_date) = max(a.activity_date)
                then max(a.activity_id)
        end as activity_id
    from (
        select waiting.crossing_no, waiting.stat_no, waiting.measure, waiting.bucket, a.*
        from arrived as a
        join (
            select crossed.*, moments.occurred_at
            from moments
            join crossed on crossed.crossing_no = moments.crossing_no
            where moments.activity_id is null
            offset 0
        ) as waiting
            on waiting.person_no = a.person_no
            and waiting.occurred_at = a.occurred_at
        offset 0
    ) as a
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
    select moments.*
    from moments
    where moments.activity_id is not null
    union all
    select decisive.*
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
