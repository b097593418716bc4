-- Measures the best rolling windows of one stat from the activities, for everybody.
--
-- Planned for the stat at hand: what its selector does not ask for is not computed.
create or replace function badges_internal._plan_rolling_values(
    p_defined badges_internal.stat_definitions,
    p_org_ids text[]
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    measure text,
    value numeric,
    may_fall boolean
)
language plpgsql
volatile
rows 100000
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set plan_cache_mode = force_custom_plan
set work_mem = '64MB'
as $$
#variable_conflict use_column
declare
    v_route constant badges_internal.stat_route := p_defined.route;
    v_watched constant text[] := p_defined.watched;
begin
    return query
    with picked as (
        select
            a.peer_mentor_id,
            a.org_id,
            case when v_route.per_field is not null then badges_internal._scalar_text(
                badges_internal._attribute(a.attributes, a.quantity, v_route.per_field)
            ) end as per_value,
            a.activity_date as day,
            case
                when v_route.value_field is null then a.quantity
                else badges_internal._number(
                    badges_internal._attribute(a.attributes, a.quantity, v_route.value_field)
                )
            end as measured,
            case
                when v_route.element_unit is not null
                    then badges_internal._unit_number(v_route.element_unit, a.activity_date)::text
                when v_route.element_field is not null then badges_internal._scalar_text(
                    badges_internal._attribute(a.attributes, a.quantity, v_route.element_field)
                )
            end as element,
            case
                when v_route.element_measure in ('sum', 'max') then case
                    when v_route.element_value_field is null then a.quantity
                    else badges_internal._number(badges_internal._attribute(
                        a.attributes, a.quantity, v_route.element_value_field
                    ))
                end
            end as element_measured
        from badges.activities as a
        where a.org_id = any(p_org_ids)
        and (
            p_defined.activity_types is null
            or a.activity_type = any(p_defined.activity_types)
        )
        and badges_internal._is_chosen(
            v_route.predicate, v_route.needs_quantity, v_route.needs_calendar,
            v_route.clock_zone, a.attributes, a.quantity, a.activity_date, a.occurred_at
        )
    ),
    folded as materialized (
        select
            picked.peer_mentor_id, picked.org_id, picked.per_value, picked.day, picked.element,
            count(*) as activity_count,
            sum(picked.measured) as value_sum,
            max(picked.measured) as value_max,
            coalesce(
                min(picked.measured) < 0
                or v_route.element_measure = 'sum' and min(picked.element_measured) < 0,
                false
            ) as has_negative,
            sum(picked.element_measured) as element_sum,
            max(picked.element_measured) as element_max
        from picked
        where v_route.per_field is null
        or picked.per_value is not null
        group by
            picked.peer_mentor_id, picked.org_id, picked.per_value, picked.day, picked.element
    ),
    days as (
        select
            folded.peer_mentor_id, folded.org_id, folded.per_value, folded.day,
            sum(folded.activity_count) as activity_count,
            sum(folded.value_sum) as value_sum,
            max(folded.value_max) as value_max,
            bool_or(folded.has_negative) as has_negative
        from folded
        group by folded.peer_mentor_id, folded.org_id, folded.per_value, folded.day
    ),
    -- A window ends on a day with an activity of the stat.
    windows as (
        select
            days.peer_mentor_id, days.org_id, days.has_negative,
            case when 'count' = any(v_watched) then sum(days.activity_count) over lately end
                as activity_count,
            case when 'sum' = any(v_watched) then coalesce(sum(days.value_sum) over lately, 0) end
                as value_sum,
            -- The best window of a maximum is that of the greatest value.
            days.value_max,
            case when 'active_days' = any(v_watched) then count(*) over lately end as active_days
        from days
        window lately as (
            partition by days.peer_mentor_id, days.org_id, days.per_value
            order by days.day
            range between make_interval(days => v_route.rolling_days - 1) preceding
                and current row
        )
    ),
    elements as (
        select days.peer_mentor_id, days.org_id, days.per_value, days.day, folded.element
        from days
        join folded
            on folded.peer_mentor_id = days.peer_mentor_id
            and folded.org_id = days.org_id
            and folded.per_value is not distinct from days.per_value
            and folded.day <= days.day
            and folded.day > days.day - v_route.rolling_days
            and folded.element is not null
        where 'distinct' = any(v_watched)
        group by days.peer_mentor_id, days.org_id, days.per_value, days.day, folded.element
        having v_route.element_at_least is null
        or case
            when v_route.element_measure = 'max' then max(folded.element_max)
            when v_route.element_measure = 'sum' then sum(folded.element_sum)
            else sum(folded.activity_count)
        end >= v_route.element_at_least
    ),
    measured as (
        select
            windows.peer_mentor_id, windows.org_id, asked.measure,
            bool_or(windows.has_negative) as has_negative,
            max(case
                when asked.measure = 'count' then windows.activity_count
                when asked.measure = 'sum' then windows.value_sum
                when asked.measure = 'max' then windows.value_max
                when asked.measure = 'active_days' then windows.active_days
                else 0
            end) as value
        from windows
        cross join unnest(v_watched) as asked (measure)
        group by windows.peer_mentor_id, windows.org_id, asked.measure
        union all
        select counted.peer_mentor_id, counted.org_id, 'distinct', false, max(counted.value)
        from (
            select elements.peer_mentor_id, elements.org_id, count(*) as value
            from elements
            group by elements.peer_mentor_id, elements.org_id, elements.per_value, elements.day
        ) as counted
        group by counted.peer_mentor_id, counted.org_id
    )
    select
        measured.peer_mentor_id, measured.org_id, measured.measure, max(measured.value),
        bool_or(measured.has_negative)
            and (measured.measure = 'sum' or v_route.element_measure is not distinct from 'sum')
    from measured
    group by measured.peer_mentor_id, measured.org_id, measured.measure;
end;
$$;

comment on function badges_internal._plan_rolling_values(
    badges_internal.stat_definitions, text[]
) is
'Measures the best rolling windows of one stat from the activities, for everybody.';
