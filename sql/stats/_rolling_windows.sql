-- Measures the rolling windows of a stat: one a person, bucket and local day with an activity.
--
-- p_from, p_to: first and last local day of the activities to look at, null = all; a window that
-- begins before p_from is not whole. One pass: what leaves a window is an event as what enters it.
create or replace function badges_internal._rolling_windows(
    p_defined badges_internal.stat_definitions,
    p_peer_mentor_ids uuid[],
    p_from date,
    p_to date
)
returns table (
    peer_mentor_id uuid,
    bucket text,
    last_day date,
    activity_count bigint,
    value_sum numeric,
    value_max numeric,
    active_days bigint,
    distinct_count bigint,
    has_negative boolean, -- on the last day itself
    first_at timestamptz, -- of the last day's activities
    last_at timestamptz
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_route constant badges_internal.stat_route := p_defined.route;
    v_days constant integer := v_route.rolling_days;
    -- Elements that must add up to something, and those of which one activity is enough.
    v_is_tallied constant boolean
        := v_route.element_at_least is not null and v_route.element_measure <> 'max';
begin
    return query
    with chosen as materialized (
        select found.*
        from badges_internal._selected_activities(
            p_peer_mentor_ids, p_defined.org_id, p_defined.stat, null, p_from, p_to
        ) as found
        where found.bucket is not null
    ),
    days as (
        select
            chosen.peer_mentor_id,
            chosen.bucket,
            chosen.activity_date,
            count(*) as activity_count,
            sum(chosen.measured) as value_sum,
            max(chosen.measured) as value_max,
            coalesce(bool_or(least(
                chosen.measured,
                case when v_route.element_measure = 'sum' then chosen.element_measured end
            ) < 0), false) as has_negative,
            min(chosen.occurred_at) as first_at,
            max(chosen.occurred_at) as last_at
        from chosen
        group by chosen.peer_mentor_id, chosen.bucket, chosen.activity_date
    ),
    occurrences as (
        select
            chosen.peer_mentor_id, chosen.bucket, chosen.element, chosen.activity_date,
            coalesce(sum(chosen.element_measured), 0) as tally
        from chosen
        where v_route.element_field is not null
        and chosen.element is not null
        and (
            v_is_tallied
            or v_route.element_at_least is null
            or chosen.element_measured >= v_route.element_at_least
        )
        group by chosen.peer_mentor_id, chosen.bucket, chosen.element, chosen.activity_date
    ),
    stays as (
        select
            occurrences.*,
            least(
                lead(occurrences.activity_date) over (
                    partition by
                        occurrences.peer_mentor_id, occurrences.bucket, occurrences.element
                    order by occurrences.activity_date
                ),
                occurrences.activity_date + v_days
            ) as left_on
        from occurrences
        where not v_is_tallied
    ),
    tallies as (
        select
            moved.peer_mentor_id, moved.bucket, moved.element, moved.day,
            sum(sum(moved.change)) over (
                partition by moved.peer_mentor_id, moved.bucket, moved.element
                order by moved.day
            ) >= v_route.element_at_least as is_counted
        from (
            select
                entered.peer_mentor_id, entered.bucket, entered.element,
                entered.activity_date as day, entered.tally as change
            from occurrences as entered
            where v_is_tallied
            union all
            select
                gone.peer_mentor_id, gone.bucket, gone.element, gone.activity_date + v_days,
                -gone.tally
            from occurrences as gone
            where v_is_tallied
        ) as moved
        group by moved.peer_mentor_id, moved.bucket, moved.element, moved.day
    ),
    changes as (
        select stays.peer_mentor_id, stays.bucket, stays.activity_date as day, 1 as change
        from stays
        union all
        select stays.peer_mentor_id, stays.bucket, stays.left_on, -1
        from stays
        union all
        select
            tallies.peer_mentor_id, tallies.bucket, tallies.day,
            tallies.is_counted::integer - lag(tallies.is_counted::integer, 1, 0) over (
                partition by tallies.peer_mentor_id, tallies.bucket, tallies.element
                order by tallies.day
            )
        from tallies
        union all
        select days.peer_mentor_id, days.bucket, days.activity_date, 0
        from days
    ),
    counted as (
        select
            changes.peer_mentor_id, changes.bucket, changes.day,
            sum(sum(changes.change)) over (
                partition by changes.peer_mentor_id, changes.bucket
                order by changes.day
            ) as distinct_count
        from changes
        group by changes.peer_mentor_id, changes.bucket, changes.day
    )
    select
        days.peer_mentor_id,
        days.bucket,
        days.activity_date,
        (sum(days.activity_count) over lately)::bigint,
        sum(days.value_sum) over lately,
        max(days.value_max) over lately,
        count(*) over lately,
        case when p_defined.selector ? 'distinct' then counted.distinct_count::bigint end,
        days.has_negative,
        days.first_at,
        days.last_at
    from days
    join counted
        on counted.peer_mentor_id = days.peer_mentor_id
        and counted.bucket = days.bucket
        and counted.day = days.activity_date
    window lately as (
        partition by days.peer_mentor_id, days.bucket
        order by days.activity_date
        range between make_interval(days => v_days - 1) preceding and current row
    );
end;
$$;

comment on function badges_internal._rolling_windows(
    badges_internal.stat_definitions, uuid[], date, date
) is
'Measures the rolling windows of a stat: one a person, bucket and local day with an activity.';
