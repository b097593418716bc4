-- Gives the statement that folds the activities of a relation into the snapshot.
--
-- p_source is the name of a transition table, or a parenthesised query with the columns of
-- badges.activities; p_stats and p_changes are how the statement names the stats to write (text[],
-- null = all) and the element changes of _element_statement. Only our own routines pass them. $3
-- and $4 are the people (uuid[], text[]) that p_source may name. Result: one
-- badges_internal.fold_result.
--
-- It is text because a transition table is visible only in its own trigger function, and a plan
-- made for one row must not serve a million.
create or replace function badges_internal._fold_statement(
    p_source text,
    p_stats text default '$1',
    p_changes text default '$2'
)
returns text
language sql
immutable
parallel safe
return replace(replace(replace($statement$
with
wanted as materialized (
    select * from badges_internal._wanted_stats(
        array(select distinct row(a.org_id, a.activity_type)::badges_internal.activity_kind
              from {source} as a),
        {stats}
    )
    where rolling_days is null
),
picked as (
    select
        a.peer_mentor_id,
        a.org_id,
        wanted.stat,
        wanted.has_days,
        case
            when wanted.per_field is null and wanted.window_unit is null then ''
            else badges_internal._bucket(
                wanted.per_field, wanted.window_unit, a.attributes, a.quantity, a.activity_date
            )
        end as bucket,
        a.activity_date,
        a.occurred_at,
        case
            when wanted.value_field is null then a.quantity
            else badges_internal._number(
                badges_internal._attribute(a.attributes, a.quantity, wanted.value_field)
            )
        end as measured,
        -- What an element's sum falls by makes its stat fall too.
        case when wanted.element_measure = 'sum' then case
            when wanted.element_value_field is null then a.quantity
            else badges_internal._number(
                badges_internal._attribute(a.attributes, a.quantity, wanted.element_value_field)
            )
        end end as element_measured
    from {source} as a
    join wanted on wanted.org_id = a.org_id and wanted.activity_type = a.activity_type
    where badges_internal._is_chosen(
        wanted.predicate, wanted.needs_quantity, wanted.needs_calendar, wanted.clock_zone,
        a.attributes, a.quantity, a.activity_date, a.occurred_at
    )
),
days as (
    select
        picked.peer_mentor_id,
        picked.org_id,
        picked.stat,
        picked.bucket,
        picked.activity_date,
        picked.activity_date - date '1900-01-01' as day_number,
        badges_internal._unit_number('month', picked.activity_date) as month_number,
        count(*) as activity_count,
        sum(picked.measured) as value_sum,
        max(picked.measured) as value_max,
        min(least(picked.measured, picked.element_measured)) as value_min,
        min(picked.occurred_at) as first_at,
        max(picked.occurred_at) as last_at
    from picked
    where picked.bucket is not null
    and picked.has_days
    group by
        picked.peer_mentor_id, picked.org_id, picked.stat, picked.bucket, picked.activity_date
),
spaced as (
    select
        days.*,
        held.last_date - date '1900-01-01' as held_day,
        held.day_run as held_day_run,
        held.week_run as held_week_run,
        held.month_run as held_month_run,
        held.last_date as held_date,
        lag(days.day_number) over by_day as previous_day,
        lag(days.month_number) over by_day as previous_month
    from days
    left join badges.peer_mentor_stats as held
        on held.peer_mentor_id = days.peer_mentor_id
        and held.org_id = days.org_id
        and held.stat = days.stat
        and held.bucket = days.bucket
    window by_day as (
        partition by days.peer_mentor_id, days.org_id, days.stat, days.bucket
        order by days.activity_date
    )
),
-- The unit each run began in: the newest start so far. The first new day continues the held run
-- or begins one.
runs as (
    select
        spaced.*,
        max(case
            when previous_day is null then case
                when held_day is null or day_number > held_day + 1 then day_number
                else held_day - held_day_run + 1
            end
            when day_number > previous_day + 1 then day_number
        end) over by_day as day_start,
        max(case
            when previous_day is null then case
                when held_day is null or day_number / 7 > held_day / 7 + 1 then day_number / 7
                else held_day / 7 - held_week_run + 1
            end
            when day_number / 7 > previous_day / 7 + 1 then day_number / 7
        end) over by_day as week_start,
        max(case
            when previous_day is null then case
                when held_day is null
                or month_number > badges_internal._unit_number('month', held_date) + 1
                    then month_number
                else badges_internal._unit_number('month', held_date) - held_month_run + 1
            end
            when month_number > previous_month + 1 then month_number
        end) over by_day as month_start
    from spaced
    window by_day as (
        partition by peer_mentor_id, org_id, stat, bucket
        order by activity_date
    )
),
-- Stats whose days no rule asks for need no windows.
folded as (
    select
        peer_mentor_id,
        org_id,
        stat,
        bucket,
        sum(activity_count)::bigint as activity_count,
        sum(value_sum) as value_sum,
        max(value_max) as value_max,
        min(value_min) as value_min,
        min(first_at) as first_at,
        max(last_at) as last_at,
        max(activity_date) as last_date,
        min(day_number) < min(held_day) as is_late,
        count(*) filter (where held_day is null or day_number > held_day) as new_days,
        max(day_number) - max(day_start) + 1 as day_run,
        max(day_number - day_start) + 1 as longest_day_run,
        max(day_number) / 7 - max(week_start) + 1 as week_run,
        max(day_number / 7 - week_start) + 1 as longest_week_run,
        max(month_number) - max(month_start) + 1 as month_run,
        max(month_number - month_start) + 1 as longest_month_run
    from runs
    group by peer_mentor_id, org_id, stat, bucket
    union all
    select
        peer_mentor_id,
        org_id,
        stat,
        bucket,
        count(*),
        sum(measured),
        max(measured),
        min(least(measured, element_measured)),
        min(occurred_at),
        max(occurred_at),
        null, false, 0, null, null, null, null, null, null
    from picked
    where bucket is not null
    and not has_days
    group by peer_mentor_id, org_id, stat, bucket
),
-- old_* is what stands in the row, the other columns what will.
merged as materialized (
    select
        folded.peer_mentor_id,
        folded.org_id,
        folded.stat,
        folded.bucket,
        coalesce(folded.is_late, false) as is_late,
        folded.first_at as first_new_at,
        defined.watched,
        defined.thresholds,
        held.last_at as old_last_at,
        coalesce(held.activity_count, 0) as old_count,
        coalesce(held.value_sum, 0) as old_sum,
        held.value_max as old_max,
        coalesce(held.active_days, 0) as old_active_days,
        coalesce(held.distinct_count, 0) as old_distinct,
        coalesce(held.longest_day_run, 0) as old_day_run,
        coalesce(held.longest_week_run, 0) as old_week_run,
        coalesce(held.longest_month_run, 0) as old_month_run,
        coalesce(held.activity_count, 0) + folded.activity_count as activity_count,
        coalesce(held.value_sum, 0) + coalesce(folded.value_sum, 0) as value_sum,
        greatest(held.value_max, folded.value_max) as value_max,
        coalesce(held.has_negative, false) or coalesce(folded.value_min < 0, false)
            as has_negative,
        coalesce(folded.value_min < 0, false) as is_falling,
        folded.activity_count as new_count,
        coalesce(held.active_days, 0)
            + case when folded.is_late then 0 else folded.new_days end as active_days,
        coalesce(held.distinct_count, 0) + coalesce(change.distinct_delta, 0) as distinct_count,
        least(held.first_at, folded.first_at) as first_at,
        greatest(held.last_at, folded.last_at) as last_at,
        greatest(held.last_date, folded.last_date) as last_date,
        run.*
    from folded
    left join badges.peer_mentor_stats as held
        on held.peer_mentor_id = folded.peer_mentor_id
        and held.org_id = folded.org_id
        and held.stat = folded.stat
        and held.bucket = folded.bucket
    left join badges_internal.stat_definitions as defined
        on defined.org_id = folded.org_id
        and defined.stat = folded.stat
    left join unnest({changes}) as change
        on change.peer_mentor_id = folded.peer_mentor_id
        and change.org_id = folded.org_id
        and change.stat = folded.stat
        and change.bucket = folded.bucket
    -- A per_unit streak runs over its elements, and late days are mended afterwards.
    cross join lateral (
        select
            case
                when change.element_unit = 'day' then change.unit_run
                when folded.is_late then coalesce(held.day_run, 0)
                else coalesce(folded.day_run, held.day_run, 0)
            end as day_run,
            case
                when change.element_unit = 'week' then change.unit_run
                when folded.is_late then coalesce(held.week_run, 0)
                else coalesce(folded.week_run, held.week_run, 0)
            end as week_run,
            case
                when change.element_unit = 'month' then change.unit_run
                when folded.is_late then coalesce(held.month_run, 0)
                else coalesce(folded.month_run, held.month_run, 0)
            end as month_run,
            case
                when change.element_unit = 'day' then change.longest_unit_run
                when folded.is_late then coalesce(held.longest_day_run, 0)
                else coalesce(greatest(held.longest_day_run, folded.longest_day_run), 0)
            end as longest_day_run,
            case
                when change.element_unit = 'week' then change.longest_unit_run
                when folded.is_late then coalesce(held.longest_week_run, 0)
                else coalesce(greatest(held.longest_week_run, folded.longest_week_run), 0)
            end as longest_week_run,
            case
                when change.element_unit = 'month' then change.longest_unit_run
                when folded.is_late then coalesce(held.longest_month_run, 0)
                else coalesce(greatest(held.longest_month_run, folded.longest_month_run), 0)
            end as longest_month_run,
            case
                when change.element_unit is not null then change.run_end
                when folded.is_late or folded.last_date is null then held.run_end
                else folded.last_date
            end as run_end
    ) as run
),
written as (
    insert into badges.peer_mentor_stats as held (
        peer_mentor_id, org_id, stat, bucket, activity_count, value_sum, value_max, has_negative,
        active_days, distinct_count, day_run, week_run, month_run, longest_day_run,
        longest_week_run, longest_month_run, run_end, first_at, last_at, last_date, next_count,
        next_sum, next_max, next_active_days, next_distinct, next_day_run, next_week_run,
        next_month_run
    )
    select
        peer_mentor_id, org_id, stat, bucket, activity_count, value_sum, value_max, has_negative,
        active_days, distinct_count, day_run, week_run, month_run, longest_day_run,
        longest_week_run, longest_month_run, run_end, first_at, last_at, last_date,
        next.*
    from merged
    cross join lateral badges_internal._next_thresholds(
        thresholds, org_id, stat,
        row(activity_count, value_sum, value_max, active_days, distinct_count, longest_day_run,
            longest_week_run, longest_month_run)::badges_internal.stat_values
    ) as next
    on conflict (peer_mentor_id, org_id, stat, bucket) do update set
        activity_count = excluded.activity_count,
        value_sum = excluded.value_sum,
        value_max = excluded.value_max,
        has_negative = excluded.has_negative,
        active_days = excluded.active_days,
        distinct_count = excluded.distinct_count,
        day_run = excluded.day_run,
        week_run = excluded.week_run,
        month_run = excluded.month_run,
        longest_day_run = excluded.longest_day_run,
        longest_week_run = excluded.longest_week_run,
        longest_month_run = excluded.longest_month_run,
        run_end = excluded.run_end,
        first_at = excluded.first_at,
        last_at = excluded.last_at,
        last_date = excluded.last_date,
        next_count = excluded.next_count,
        next_sum = excluded.next_sum,
        next_max = excluded.next_max,
        next_active_days = excluded.next_active_days,
        next_distinct = excluded.next_distinct,
        next_day_run = excluded.next_day_run,
        next_week_run = excluded.next_week_run,
        next_month_run = excluded.next_month_run
),
crossed as (
    select distinct
        merged.peer_mentor_id, merged.org_id, milestone.badge_definition_id
    from merged
    cross join lateral unnest(merged.watched) as watch (measure)
    cross join lateral (
        select
            case
                when watch.measure = 'count' then merged.old_count
                when watch.measure = 'sum' then merged.old_sum
                when watch.measure = 'max' then coalesce(merged.old_max, -1)
                when watch.measure = 'active_days' then merged.old_active_days
                when watch.measure = 'distinct' then merged.old_distinct
                when watch.measure = 'day_run' then merged.old_day_run
                when watch.measure = 'week_run' then merged.old_week_run
                when watch.measure = 'month_run' then merged.old_month_run
            end::numeric as old_value,
            case
                when watch.measure = 'count' then merged.activity_count
                when watch.measure = 'sum' then merged.value_sum
                when watch.measure = 'max' then coalesce(merged.value_max, -1)
                when watch.measure = 'active_days' then merged.active_days
                when watch.measure = 'distinct' then merged.distinct_count
                when watch.measure = 'day_run' then merged.longest_day_run
                when watch.measure = 'week_run' then merged.longest_week_run
                when watch.measure = 'month_run' then merged.longest_month_run
            end::numeric as new_value,
            -- Between the statement's own rows a sum may have stood higher than it ends.
            merged.is_falling and merged.new_count > 1 as may_fall
    ) as moved
    join badges_internal.milestones as milestone
        on milestone.org_id = merged.org_id
        and milestone.stat = merged.stat
        and milestone.measure = watch.measure
        and milestone.threshold > case when moved.may_fall then 0 else moved.old_value end
        and milestone.threshold <= case when moved.may_fall then 1e30 else moved.new_value end
    where moved.may_fall or moved.new_value > moved.old_value
)
select
    (select array_agg(row(peer_mentor_id, org_id, badge_definition_id, null, null)
        ::badges_internal.candidate)
     from crossed),
    (select array_agg(row(days.peer_mentor_id, days.org_id, days.stat, days.bucket,
        days.activity_date, days.activity_count)::badges_internal.late_day)
     from merged
     join days using (peer_mentor_id, org_id, stat, bucket)
     where merged.is_late),
    -- After a delete an award may be dated later than what is new and in order.
    (select array_agg(row(merged.peer_mentor_id, merged.org_id, merged.first_new_at)
        ::badges_internal.late_person)
     from merged
     where merged.stat = '*'
     and (merged.first_new_at < merged.old_last_at or exists (
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
     left join merged as base on (base.peer_mentor_id, base.org_id, base.stat)
        = (fallen.peer_mentor_id, fallen.org_id, '*')
     where fallen.is_falling and (base.old_last_at < fallen.first_new_at) is not true)
$statement$, '{source}', p_source), '{stats}', p_stats), '{changes}', p_changes);

comment on function badges_internal._fold_statement(text, text, text) is
'Gives the statement that folds the activities of a relation into the snapshot.';
