-- Gives the part of the fold's statement that tells what the rows reach, and dates it.
--
-- crossed: milestones that rows of the snapshot reached. dated: those that the statement's own
-- activities date, of people who are new, and of people for whom all of them come last the simple
-- ones that only grow. undated: the others. Where nothing fell, a moment is that of the k-th
-- activity, of the first running sum that is enough, or of the last unit or value needed.
create or replace function badges_internal._fold_crossings()
returns text
language sql
immutable
parallel safe
return $statement$
reached as materialized (
    select
        merged.cell, merged.bucket, merged.stat_no, merged.org_id, merged.stat, moved.measure,
        moved.before,
        case when merged.may_fall then 0 else moved.lowest end as lowest,
        case when merged.may_fall then 1e30 else moved.value end as value
    from merged
    cross join lateral (values
        ('count', lowest_count::numeric, activity_count::numeric, old_count::numeric),
        ('sum', lowest_sum, value_sum, old_sum),
        ('max', lowest_max, value_max, 0),
        ('active_days', lowest_active_days, active_days, 0),
        ('distinct', lowest_distinct, distinct_count, old_distinct),
        ('day_run', lowest_day_run, longest_day_run, 0),
        ('week_run', lowest_week_run, longest_week_run, 0),
        ('month_run', lowest_month_run, longest_month_run, 0)
    ) as moved (measure, lowest, value, before)
    where (merged.may_fall or merged.has_reached)
    and (merged.may_fall or moved.value >= moved.lowest)
),
-- Many rows go the same way: their milestones are looked up once. lowest is rounded up for whole
-- measures: its milestone lies less than one below.
met as materialized (
    select
        span.stat_no, span.measure, span.lowest, span.value, milestone.org_id,
        milestone.badge_definition_id, milestone.tier, milestone.occurrence, milestone.node,
        milestone.parent, milestone.stat, milestone.threshold, milestone.threshold_source
    from (
        select distinct stat_no, org_id, stat, measure, lowest, value
        from reached
    ) as span
    cross join lateral (
        select found.*
        from badges_internal.milestones as found
        where found.org_id = span.org_id
        and found.stat = span.stat
        and found.measure = span.measure
        and found.threshold > span.lowest - 1
        and found.threshold <= span.value
        offset 0
    ) as milestone
),
-- is_simple: its moment does not depend on what was there before, if all that is new comes last.
datable as materialized (
    select
        badge.org_id, badge.badge_definition_id,
        bool_and(
            milestone.parent is null
            and milestone.measure in ('count', 'sum', 'max', 'distinct')
            and (defined.route).per_field is null
            and (defined.route).window_unit is null
        ) as is_simple
    from (select distinct org_id, badge_definition_id from met) as badge
    join badges_internal.milestones as milestone
        on milestone.org_id = badge.org_id
        and milestone.badge_definition_id = badge.badge_definition_id
    left join badges_internal.stat_definitions as defined
        on defined.org_id = milestone.org_id
        and defined.stat = milestone.stat
    where not exists (
        select
        from badges_internal.badge_places as place
        where place.org_id = badge.org_id
        and place.badge_definition_id = badge.badge_definition_id
    )
    group by badge.org_id, badge.badge_definition_id
    having bool_and(
        milestone.stat is not null
        and (defined.route).rolling_days is null
        and (defined.route).element_unit is null
        and (defined.route).element_at_least is null
    )
),
dated_people as materialized (
    select person.person_no, person.is_new, person.peer_mentor_id
    from merged
    join people as person on person.person_no = (merged.cell >> 20)
    where merged.stat = '*'
    and not $4
    and (person.is_new or merged.first_new_at > person.old_last_at)
    and (merged.cell >> 20) not in (
        select fallen.cell >> 20
        from merged as fallen
        where fallen.has_negative
    )
),
crossed as materialized (
    select
        reached.cell, reached.bucket, (reached.cell >> 20) as person_no, reached.before, met.*,
        row_number() over () as crossing_no,
        (
            datable.badge_definition_id is not null
            and person.person_no is not null
            and (person.is_new or datable.is_simple and not exists (
                select
                from badges.earned_badges as earned
                where earned.peer_mentor_id = person.peer_mentor_id
                and earned.org_id = met.org_id
                and earned.badge_definition_id = met.badge_definition_id
                and (
                    earned.revoked_at is not null
                    or earned.tier = met.tier and earned.occurrence = met.occurrence
                )
            ) and not exists (
                select
                from badges.badge_denials as denial
                where denial.peer_mentor_id = person.peer_mentor_id
                and denial.org_id = met.org_id
                and denial.badge_definition_id = met.badge_definition_id
            ))
        ) is true as is_datable
    from reached
    join met
        on met.stat_no = reached.stat_no
        and met.measure = reached.measure
        and met.lowest = reached.lowest
        and met.value = reached.value
    left join datable
        on datable.org_id = met.org_id
        and datable.badge_definition_id = met.badge_definition_id
    left join dated_people as person on person.person_no = (reached.cell >> 20)
),
asked as materialized (
    select distinct cell, stat_no, measure
    from crossed
    where is_datable
),
placed as (
    select
        picked.cell, picked.bucket, picked.occurred_at, picked.activity_id,
        row_number() over (
            partition by picked.cell, picked.bucket
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
            partition by picked.cell, picked.bucket
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
            partition by decided.cell, decided.bucket order by decided.first_at
        ) as place
    from decided
    where decided.is_counted
    and not decided.was_counted
),
-- Units with when those before them in their run counted, days in the order in which they counted.
-- A day's moments lie within two days of it: a unit two before can still have counted later.
joined as (
    select
        islands.cell, islands.bucket, islands.measure, islands.counted_at,
        row_number() over in_run as place,
        lag(islands.counted_at) over in_run as counted_1,
        lag(islands.counted_at, 2) over in_run as counted_2
    from (
        select
            days.cell, days.bucket, asked.measure, unit.number,
            min(days.counted_at) as counted_at,
            unit.number - row_number() over (
                partition by days.cell, nullif(days.bucket, ''), asked.measure
                order by unit.number
            ) as island
        from days
        join asked on asked.cell = days.cell and asked.measure like '%run'
        cross join lateral (
            select badges_internal._unit_number(
                split_part(asked.measure, '_', 1), date '1900-01-01' + days.day_no
            ) as number
        ) as unit
        group by days.cell, days.bucket, asked.measure, unit.number
    ) as islands
    window in_run as (
        partition by
            islands.cell, nullif(islands.bucket, ''), islands.measure, islands.island
        order by islands.number
    )
    union all
    select
        days.cell, days.bucket, asked.measure, days.counted_at,
        row_number() over (
            partition by days.cell, nullif(days.bucket, '') order by days.counted_at
        ),
        null, null
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
    select
        crossed.crossing_no,
        min(greatest(
            joined.counted_at,
            case when crossed.threshold > 1 then joined.counted_1 end,
            case when crossed.threshold > 2 then joined.counted_2 end
        )),
        null
    from crossed
    join joined
        on joined.cell = crossed.cell
        and joined.bucket = crossed.bucket
        and joined.measure = crossed.measure
        and joined.place >= crossed.threshold
    where crossed.is_datable
    and crossed.measure in ('active_days', 'day_run', 'week_run', 'month_run')
    group by crossed.crossing_no
),
-- The activities of those moments: each step a join of its own, whatever is thought of their number.
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

comment on function badges_internal._fold_crossings() is
'Gives the part of the fold''s statement that tells what the rows reach, and dates it.';
