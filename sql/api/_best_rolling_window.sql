-- Finds the rolling window in which a condition measures most, the latest of several.
create or replace function badges_internal._best_rolling_window(
    p_peer_mentor_id uuid,
    p_milestone badges_internal.milestones,
    p_days integer,
    out bucket text,
    out last_day date
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_route badges_internal.stat_route;
    v_measure constant text := p_milestone.measure;
begin
    select (defined.route).*
    into v_route
    from badges_internal.stat_definitions as defined
    where defined.org_id = p_milestone.org_id
    and defined.stat = p_milestone.stat;
    with days as materialized (
        select
            found.bucket, found.activity_date, found.element, count(*) as activity_count,
            sum(found.measured) as value_sum, max(found.measured) as value_max,
            sum(found.element_measured) as element_sum, max(found.element_measured) as element_max
        from badges_internal._selected_activities(
            array[p_peer_mentor_id], p_milestone.org_id, p_milestone.stat, null, null, null
        ) as found
        where found.bucket is not null
        -- Elements apart only where they are counted.
        group by found.bucket, found.activity_date, found.element
    ),
    plain as (
        select
            bucket, activity_date,
            case
                when v_measure = 'count' then sum(sum(activity_count)) over lately
                when v_measure = 'sum' then sum(sum(value_sum)) over lately
                when v_measure = 'max' then max(max(value_max)) over lately
                else count(*) over lately
            end as value
        from days
        where v_measure <> 'distinct'
        group by bucket, activity_date
        window lately as (
            partition by bucket
            order by activity_date
            range between make_interval(days => p_days - 1) preceding and current row
        )
    ),
    tallied as (
        select
            ending.bucket, ending.activity_date,
            case when v_route.element_measure = 'max' then max(days.element_max)
                else sum(days.element_sum) end as tally
        from (select distinct bucket, activity_date from days) as ending
        join days
            on days.bucket = ending.bucket
            and days.activity_date between ending.activity_date - p_days + 1
                and ending.activity_date
            and days.element is not null
        where v_measure = 'distinct'
        group by ending.bucket, ending.activity_date, days.element
    ),
    windows as (
        select bucket, activity_date, value from plain
        union all
        select
            bucket, activity_date,
            count(*) filter (
                where v_route.element_at_least is null or tally >= v_route.element_at_least
            )
        from tallied
        group by bucket, activity_date
    )
    select windows.bucket, windows.activity_date
    into bucket, last_day
    from windows
    order by windows.value desc nulls last, windows.activity_date desc, windows.bucket
    limit 1;
end;
$$;

comment on function badges_internal._best_rolling_window(
    uuid, badges_internal.milestones, integer
) is
'Finds the rolling window in which a condition measures most, the latest of several.';
