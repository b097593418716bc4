-- Gives the statement that counts many activities: snapshot and elements at once.
--
-- p_source: what joins the activities, as a, to their people, person; only our routines give it.
-- The parameters: $1 the stats to write (text[], null = all), $2 and $3 the people (uuid[], text[],
-- each once, base rows written), $4 whether nothing of these stats stands (boolean), so that
-- nothing is looked up. Result: one badges_internal.fold_result.
--
-- Inside, people and stats are numbers: cell = person * 2^20 + stat. What stands is looked up by
-- key, and only for people who have activities already: no statistics lead to another plan.
--
-- It is text because a transition table is visible only in its own trigger function, and a plan
-- made for a few rows must not serve a million.
create or replace function badges_internal._fold_statement(
    p_source text default 'join new_activities as a using (peer_mentor_id, org_id)'
)
returns text
language sql
immutable
parallel safe
return badges_internal._fold_reading(p_source)
    || badges_internal._fold_elements()
    || badges_internal._fold_days()
    || (
        select replace(replace(replace(replace(replace(replace($statement$
-- lowest_*: the thresholds that the row waits for so far; the other values are what will stand.
merged as materialized (
    select
        folded.cell,
        held.stat is not null or stats.stat = '*' as stands,
        coalesce(late.is_late, false) as is_late,
        coalesce(folded.value_min < 0, false) as is_falling,
        -- Between the statement's own rows a sum may have stood higher than it ends.
        coalesce(folded.value_min < 0 and folded.activity_count > 1, false) as may_fall,
        coalesce(held.has_negative, false) or coalesce(folded.value_min < 0, false)
            as has_negative,
        {reached} as has_reached,
        stats.stat_no,
        folded.first_at as first_new_at,
        -- By number: a join, taken for fewer rows than people, would hash the rows.
        ($2)[folded.person_no] as peer_mentor_id,
        stats.org_id,
        stats.stat,
        folded.bucket,
        coalesce(held.activity_count, 0) as old_count,
        coalesce(held.value_sum, 0) as old_sum,
        coalesce(held.distinct_count, 0) as old_distinct,
        own.*,
        least(held.first_at, folded.first_at) as first_at,
        greatest(held.last_at, folded.last_at) as last_at,
        greatest(held.last_date, date '1900-01-01' + folded.last_day) as last_date,
        lowest.*,
        next.*
    from folded
    join stats on stats.stat_no = (folded.cell & 1048575)
    left join lateral (
        select own.*
        from badges.peer_mentor_stats as own
        where ((select array_agg(is_known order by person_no) from people))[folded.person_no]
        and own.peer_mentor_id = ($2)[folded.person_no]
        and own.org_id = stats.org_id
        and own.stat = stats.stat
        and own.bucket = folded.bucket
        offset 0
    ) as held on true
    cross join lateral (
        select
            held.last_date - date '1900-01-01' as day_no,
            badges_internal._unit_number(stats.week_unit, held.last_date) as week_no,
            badges_internal._unit_number('month', held.last_date) as month_no
    ) as ended
    cross join lateral (
        select
            folded.first_day < ended.day_no as is_late,
            folded.first_day is null or coalesce(folded.first_day < ended.day_no, false) as stays
    ) as late
    {extended_runs}
    -- Late days are placed afterwards, and so are the runs of units, which are the elements'.
    cross join lateral (
        select
            coalesce(held.activity_count, 0) + folded.activity_count as activity_count,
            coalesce(held.value_sum, 0) + coalesce(folded.value_sum, 0) as value_sum,
            greatest(held.value_max, folded.value_max) as value_max,
            case when stats.has_days then coalesce(held.active_days, 0) + case
                when late.is_late then 0
                else folded.new_days - coalesce(folded.first_day = ended.day_no, false)::integer
            end end as active_days,
            case when stats.has_elements
                then (coalesce(held.distinct_count, 0) + coalesce(folded.delta, 0))::integer
            end as distinct_count,
            {runs}
            case
                when late.stays then held.run_end
                else date '1900-01-01' + folded.last_day
            end as run_end
        offset 0
    ) as own
    cross join lateral (
        select
            {lowest}
    ) as lowest
    cross join lateral badges_internal._next_thresholds(
        -- Taken apart: each field of a composite that is read from a row costs a walk over it.
        row(stats.activity_count, stats.value_sum, stats.value_max, stats.active_days,
            stats.distinct_count, stats.day_run, stats.week_run, stats.month_run
        )::badges_internal.stat_thresholds,
        stats.org_id, stats.stat,
        row(own.activity_count, own.value_sum, own.value_max, own.active_days,
            own.distinct_count, own.longest_day_run, own.longest_week_run,
            own.longest_month_run)::badges_internal.stat_values
    ) as next
),
-- What does not stand is looked for no second time: nobody else writes rows of these people.
begun as (
    insert into badges.peer_mentor_stats ({columns})
    select {columns}
    from merged
    where not stands
    order by cell
),
written as (
    insert into badges.peer_mentor_stats as held ({columns})
    select {columns}
    from merged
    where stands
    order by cell
    on conflict (peer_mentor_id, org_id, stat, bucket) do update set {changes}
),
$statement$,
        '{extended_runs}', units.extended), '{runs}', units.runs),
        '{reached}', measures.reached), '{lowest}', measures.lowest),
        '{columns}', 'peer_mentor_id, org_id, stat, bucket, ' || written.columns),
        '{changes}', regexp_replace(written.columns, '(\w+)', '\1 = excluded.\1', 'g'))
        from (values ($columns$
            activity_count, value_sum, value_max, has_negative, active_days, distinct_count,
            day_run, week_run, month_run, longest_day_run, longest_week_run, longest_month_run,
            run_end, first_at, last_at, last_date, next_count, next_sum, next_max,
            next_active_days, next_distinct, next_day_run, next_week_run, next_month_run
        $columns$)) as written (columns)
        cross join (
            select
                string_agg(replace($extended$
    cross join lateral badges_internal._extended_run(
        ended.{unit}_no, held.{unit}_run, held.longest_{unit}_run, folded.first_{unit},
        folded.first_{unit}_end, folded.last_{unit}_start, folded.last_{unit},
        folded.longest_{unit}_run
    ) as {unit}
                $extended$, '{unit}', unit), '') as extended,
                string_agg(replace($runs$
            case when stats.has_{unit}_run then coalesce(
                case when late.stays then held.{unit}_run else {unit}.run end, 0
            ) end as {unit}_run,
            case when stats.has_{unit}_run then coalesce(
                case when late.stays then held.longest_{unit}_run else {unit}.longest end, 0
            ) end as longest_{unit}_run,
                $runs$, '{unit}', unit), '') as runs
            from unnest('{day, week, month}'::text[]) as unit
        ) as units
        cross join (
            select
                string_agg(format('own.%s >= lowest.lowest_%s', kept, short), ' or ') as reached,
                string_agg(
                    format(
                        'case when held.stat is null then stats.%s[1] else held.next_%s end'
                        ' as lowest_%2$s', listed, short
                    ),
                    ', '
                ) as lowest
            from (values
                ('activity_count', 'activity_count', 'count'), ('value_sum', 'value_sum', 'sum'),
                ('value_max', 'value_max', 'max'), ('active_days', 'active_days', 'active_days'),
                ('distinct_count', 'distinct_count', 'distinct'),
                ('longest_day_run', 'day_run', 'day_run'),
                ('longest_week_run', 'week_run', 'week_run'),
                ('longest_month_run', 'month_run', 'month_run')
            ) as measure (kept, listed, short)
        ) as measures
    )
    || badges_internal._fold_crossings()
    || badges_internal._fold_moments()
    || $statement$
select
    (select array_agg(row(
        person.peer_mentor_id, person.org_id, crossed.badge_definition_id, null, null
    )::badges_internal.candidate)
     from (
        select distinct person_no, badge_definition_id
        from undated
     ) as crossed
     join people as person on person.person_no = crossed.person_no),
    (select array_agg(row(
        day.peer_mentor_id, day.org_id, day.stat, day.bucket, day.activity_date,
        day.activity_count
    )::badges_internal.late_day)
     from (
        select
            merged.peer_mentor_id, merged.org_id, merged.stat, merged.bucket,
            picked.activity_date, count(*) as activity_count
        from picked
        join merged on merged.cell = picked.cell and merged.bucket = picked.bucket
        where merged.is_late
        and picked.has_days
        group by
            merged.peer_mentor_id, merged.org_id, merged.stat, merged.bucket,
            picked.activity_date
     ) as day),
    -- After a delete an award may be dated later than what is new and in order.
    (select array_agg(row(merged.peer_mentor_id, merged.org_id, merged.first_new_at)
        ::badges_internal.late_person)
     from merged
     join people as person on person.person_no = (merged.cell >> 20)
     where merged.stat = '*'
     and (merged.first_new_at < person.old_last_at or exists (
        select
        from badges.earned_badges as earned
        where earned.peer_mentor_id = merged.peer_mentor_id
        and earned.org_id = merged.org_id
        and earned.earned_at > merged.first_new_at
        and earned.revoked_at is null
     ))),
    -- Where all that is new comes last, what held at earlier moments still does.
    (select array_agg(row(fallen.peer_mentor_id, fallen.org_id, fallen.first_new_at)
        ::badges_internal.late_person)
     from merged as fallen
     join people as person on person.person_no = (fallen.cell >> 20)
     where fallen.is_falling
     and (person.old_last_at < fallen.first_new_at) is not true),
    (select array_agg(row(
        merged.peer_mentor_id, merged.org_id, merged.stat, merged.bucket, changed.element_unit,
        changed.delta, null, null, null
    )::badges_internal.element_change)
     from changed
     join merged on merged.cell = changed.cell and merged.bucket = changed.bucket
     where changed.element_unit is not null) || (select excused.changes from excused),
    (select array_agg(row(
        person.peer_mentor_id, person.org_id, dated.badge_definition_id, dated.tier,
        dated.occurrence, dated.node, dated.parent, dated.stat, dated.measure, dated.threshold,
        dated.threshold_source, dated.occurred_at, dated.activity_id, null
    )::badges_internal.condition_state)
     from dated
     join people as person on person.person_no = dated.person_no)
$statement$;

comment on function badges_internal._fold_statement(text) is
'Gives the statement that counts many activities: snapshot and elements at once.';
