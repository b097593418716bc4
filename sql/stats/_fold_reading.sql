-- Gives the part of the fold's statement that reads the activities and parts them by stat.
--
-- people, stats: numbered. picked: an activity and stat that chose it. parts: what is counted. Of a
-- stat that is_single one type counts, as it is.
create or replace function badges_internal._fold_reading(p_source text)
returns text
language sql
immutable
parallel safe
return replace($statement$
with
people as materialized (
    select
        given.person_no::integer as person_no,
        given.peer_mentor_id,
        given.org_id,
        base.last_at as old_last_at,
        base.last_at is not null and not $4 as is_known,
        -- Nothing is held or denied: whatever the new activities reach is awarded.
        base.last_at is null and not $4 and not exists (
            select
            from badges.earned_badges as earned
            where earned.peer_mentor_id = given.peer_mentor_id
            and earned.org_id = given.org_id
            offset 0
        ) and not exists (
            select
            from badges.badge_denials as denial
            where denial.peer_mentor_id = given.peer_mentor_id
            and denial.org_id = given.org_id
            offset 0
        ) as is_new
    from unnest($2, $3) with ordinality as given (peer_mentor_id, org_id, person_no)
    left join lateral (
        select held.last_at
        from badges.peer_mentor_stats as held
        where held.peer_mentor_id = given.peer_mentor_id
        and held.org_id = given.org_id
        and held.stat = '*'
        and held.bucket = ''
        offset 0
    ) as base on true
),
arrived as materialized (
    select
        person.person_no, person.org_id, a.activity_type, a.activity_date, a.occurred_at,
        a.quantity, a.attributes, a.activity_id
    from people as person
    {source}
),
wanted as materialized (
    select
        given.*,
        (defined.thresholds).*,
        dense_rank() over (order by given.org_id, given.stat)::integer as stat_no,
        dense_rank() over (order by given.org_id, given.activity_type) as kind_no,
        count(*) over (partition by given.org_id, given.stat) = 1 and plain.is_plain as is_single,
        plain.is_plain,
        given.element_field is not null or given.element_unit is not null as has_elements,
        given.element_at_least is not null as has_tally,
        coalesce('day_run' = any(defined.watched), false) as has_day_run,
        coalesce('week_run' = any(defined.watched), false) as has_week_run,
        coalesce('month_run' = any(defined.watched), false) as has_month_run,
        coalesce(defined.watched && '{day_run, week_run, month_run}'::text[], false) as has_runs,
        case when 'week_run' = any(defined.watched)
            then badges_internal._unit_in(given.org_id, 'week') end as week_unit
    from badges_internal._wanted_stats(
        array(
            select row(kind.org_id, kind.activity_type)::badges_internal.activity_kind
            from (select distinct org_id, activity_type from arrived) as kind
        ),
        $1
    ) as given
    -- Every activity of the type counts, as it is.
    cross join lateral (
        select coalesce(
            given.predicate::text, given.per_field, given.window_unit, given.value_field,
            given.element_field, given.element_unit
        ) is null as is_plain
    ) as plain
    left join badges_internal.stat_definitions as defined
        on defined.org_id = given.org_id
        and defined.stat = given.stat
    where coalesce(given.rolling_days, given.sequence_size) is null
),
stats as materialized (
    select distinct on (stat_no) *
    from wanted
    order by stat_no
),
picked as not materialized (
    select
        a.person_no * 1048576::bigint + wanted.stat_no as cell,
        wanted.stat_no,
        wanted.is_plain,
        wanted.is_single,
        wanted.has_days,
        wanted.has_runs,
        wanted.has_day_run, wanted.has_week_run, wanted.has_month_run, wanted.week_unit,
        wanted.has_elements,
        wanted.has_tally,
        wanted.element_measure,
        a.activity_date,
        a.occurred_at,
        a.activity_id,
        reading.*
    from arrived as a
    join wanted
        on wanted.org_id = a.org_id
        and wanted.activity_type = a.activity_type
    cross join lateral badges_internal._reading(
        wanted.per_field, wanted.window_unit, wanted.value_field, wanted.element_field,
        wanted.element_unit, wanted.element_measure, wanted.element_value_field, a.attributes,
        a.quantity, a.activity_date
    ) as reading
    where badges_internal._is_chosen(
        wanted.predicate, wanted.needs_quantity, wanted.needs_calendar, wanted.clock_zone,
        a.attributes, a.quantity, a.activity_date, a.occurred_at
    )
),
-- What is counted, element by element. Read before it is sorted: what was read from stays behind.
parts as materialized (
    select
        cell,
        coalesce(part, '') as bucket,
        element,
        bool_or(has_elements) as has_elements,
        element_day,
        count(*) as activity_count,
        sum(measured) as value_sum,
        max(measured) as value_max,
        min(lowest) as value_min,
        sum(element_measured) filter (where has_tally) as element_sum,
        max(element_measured) filter (where has_tally) as element_max,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from (
        select
            cell, nullif(bucket, '') as part, element, has_elements, has_tally, occurred_at,
            case when element_measure = 'active_days' then activity_date end as element_day,
            measured, lowest, element_measured
        from picked
        where not is_plain
        and bucket is not null
        offset 0
    ) as read
    group by cell, part, element, element_day
),
$statement$, '{source}', p_source);

comment on function badges_internal._fold_reading(text) is
'Gives the part of the fold''s statement that reads the activities and parts them by stat.';
