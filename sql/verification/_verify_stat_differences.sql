-- Compares the snapshot with its recomputation, row by row and element by element.
--
-- What a person still waits for (rules younger than its base row), stats that no rule names any
-- more and runs that no rule asks for are left out. A value that may fall may stay marked after it
-- went: has_negative is told only where it should be true.
create or replace function badges_internal._verify_stat_differences(
    p_scope badges_internal.verified_scope
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    measure text,
    stored text,
    expected text
)
language sql
stable
parallel safe
begin atomic
    with stored_stats as (
        select stored.*
        from badges.peer_mentor_stats as stored
        where badges_internal._verify_is_looked_at(p_scope, stored.peer_mentor_id)
        -- A decision by hand leaves a base row to who has no activity: it counts nothing.
        and not (stored.stat = '*' and stored.activity_count = 0)
        and not exists (
            select from unnest((p_scope).stats) as each
            where each.stat = stored.stat and each.sequence is not null
        )
    ), expected_stats as materialized (
        select expected.*
        from badges_internal._verify_expected_stats(p_scope) as expected
    ), element_differences as (
        select
            peer_mentor_id, org_id, stat, bucket,
            'element ' || element as measure,
            case when stored.is_counted then 'counted' end as stored,
            case when expected.is_counted then 'counted' end as expected
        from (
            select element.peer_mentor_id, element.org_id, element.stat, element.bucket,
                element.element, element.is_counted
            from badges_internal.stat_elements as element
            where badges_internal._verify_is_looked_at(p_scope, element.peer_mentor_id)
            and element.is_counted
        ) as stored
        full join (
            select expected.peer_mentor_id, expected.org_id, expected.stat, expected.bucket,
                unnest(expected.counted_elements) as element, true as is_counted
            from expected_stats as expected
        ) as expected using (peer_mentor_id, org_id, stat, bucket, element)
        where stored.is_counted is null
        or expected.is_counted is null
    ), row_differences as (
        select peer_mentor_id, org_id, stat, bucket, told.measure, told.stored, told.expected
        from stored_stats as stored
        full join expected_stats as expected using (peer_mentor_id, org_id, stat, bucket)
        cross join lateral (
            values
            (
                'row',
                case when stored.activity_count is not null then 'present' end,
                case when expected.activity_count is not null then 'present' end
            ),
            ('activity_count', stored.activity_count::text, expected.activity_count::text),
            (
                'value_sum',
                trim_scale(stored.value_sum)::text,
                trim_scale(expected.value_sum)::text
            ),
            (
                'value_max',
                trim_scale(stored.value_max)::text,
                trim_scale(expected.value_max)::text
            ),
            (
                'has_negative',
                (stored.has_negative or not expected.has_negative)::text,
                'true'
            ),
            ('active_days', coalesce(stored.active_days, 0)::text, expected.active_days::text),
            (
                'distinct_count',
                coalesce(stored.distinct_count, 0)::text,
                expected.distinct_count::text
            ),
            ('day_run', stored.day_run::text, expected.day_run::text),
            ('week_run', stored.week_run::text, expected.week_run::text),
            ('month_run', stored.month_run::text, expected.month_run::text),
            ('longest_day_run', stored.longest_day_run::text, expected.longest_day_run::text),
            ('longest_week_run', stored.longest_week_run::text, expected.longest_week_run::text),
            ('longest_month_run', stored.longest_month_run::text, expected.longest_month_run::text),
            ('run_end', stored.run_end::text, expected.run_end::text),
            ('first_at', stored.first_at::text, expected.first_at::text),
            ('last_at', stored.last_at::text, expected.last_at::text),
            ('last_date', stored.last_date::text, expected.last_date::text)
        ) as told (measure, stored, expected)
        where told.stored is distinct from told.expected
        and (told.expected is not null or told.measure not like '%\_run')
        and (
            told.measure = 'row'
            or (stored.activity_count is not null and expected.activity_count is not null)
        )
        and (
            stored.activity_count,
            stored.value_sum,
            stored.value_max,
            stored.has_negative or not expected.has_negative,
            coalesce(stored.active_days, 0),
            coalesce(stored.distinct_count, 0),
            stored.day_run,
            stored.week_run,
            stored.month_run,
            stored.longest_day_run,
            stored.longest_week_run,
            stored.longest_month_run,
            stored.run_end,
            stored.first_at,
            stored.last_at,
            stored.last_date
        ) is distinct from (
            expected.activity_count,
            expected.value_sum,
            expected.value_max,
            true,
            expected.active_days,
            expected.distinct_count,
            coalesce(expected.day_run, stored.day_run),
            coalesce(expected.week_run, stored.week_run),
            coalesce(expected.month_run, stored.month_run),
            coalesce(expected.longest_day_run, stored.longest_day_run),
            coalesce(expected.longest_week_run, stored.longest_week_run),
            coalesce(expected.longest_month_run, stored.longest_month_run),
            expected.run_end,
            expected.first_at,
            expected.last_at,
            expected.last_date
        )
    ), differences as (
        select * from row_differences
        union all
        select * from element_differences
    )
    select
        difference.peer_mentor_id, difference.org_id, difference.stat, difference.bucket,
        difference.measure, difference.stored, difference.expected
    from differences as difference
    left join unnest((p_scope).stats) as selector
        on selector.org_id = difference.org_id
        and selector.stat = difference.stat
    left join stored_stats as base
        on base.peer_mentor_id = difference.peer_mentor_id
        and base.org_id = difference.org_id
        and base.stat = '*'
        and base.bucket = ''
    where not starts_with(difference.stat, '~')
    and difference.measure not like '%\_run'
    or selector.since_version <= case
        when base.stat is null then selector.since_version
        else coalesce(base.rule_set_version, 0)
    end;
end;

comment on function badges_internal._verify_stat_differences(badges_internal.verified_scope) is
'Compares the snapshot with its recomputation, row by row and element by element.';
