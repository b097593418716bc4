-- Measures the best rolling windows of one stat from the activities, for everybody.
--
-- A window ends on a day with an activity of the stat; rows as _plan_values gives them.
create or replace function badges_internal._plan_rolling_values(
    p_defined badges_internal.stat_definitions
)
returns table (
    peer_mentor_id uuid,
    measure text,
    value numeric,
    may_fall boolean
)
language plpgsql
volatile
rows 100000
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set work_mem = '64MB'
as $$
#variable_conflict use_column
declare
    v_route constant badges_internal.stat_route := p_defined.route;
begin
    return query
    with picked as (
        select
            a.peer_mentor_id,
            badges_internal._bucket(
                v_route.per_field, null, a.attributes, a.quantity, a.activity_date
            ) as bucket,
            a.activity_date as day,
            case
                when v_route.value_field is null then a.quantity
                else badges_internal._number(
                    badges_internal._attribute(a.attributes, a.quantity, v_route.value_field)
                )
            end as measured,
            case when v_route.element_field is not null then badges_internal._scalar_text(
                badges_internal._attribute(a.attributes, a.quantity, v_route.element_field)
            ) end as element,
            case
                when v_route.element_measure in ('sum', 'max') then case
                    when v_route.element_value_field is null then a.quantity
                    else badges_internal._number(badges_internal._attribute(
                        a.attributes, a.quantity, v_route.element_value_field
                    ))
                end
                else 1
            end as element_measured
        from badges.activities as a
        where a.org_id = p_defined.org_id
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
            picked.peer_mentor_id, picked.bucket, picked.day, picked.element,
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
        where picked.bucket is not null
        group by picked.peer_mentor_id, picked.bucket, picked.day, picked.element
    ),
    days as (
        select
            folded.peer_mentor_id, folded.bucket, folded.day,
            sum(folded.activity_count) as activity_count,
            sum(folded.value_sum) as value_sum,
            max(folded.value_max) as value_max,
            bool_or(folded.has_negative) as has_negative
        from folded
        group by folded.peer_mentor_id, folded.bucket, folded.day
    ),
    windows as (
        select
            days.peer_mentor_id, days.has_negative,
            sum(days.activity_count) over lately as activity_count,
            coalesce(sum(days.value_sum) over lately, 0) as value_sum,
            max(days.value_max) over lately as value_max,
            count(*) over lately as active_days
        from days
        window lately as (
            partition by days.peer_mentor_id, days.bucket
            order by days.day
            range between make_interval(days => v_route.rolling_days - 1) preceding
                and current row
        )
    ),
    elements as (
        select days.peer_mentor_id, days.bucket, days.day, folded.element
        from days
        join folded
            on folded.peer_mentor_id = days.peer_mentor_id
            and folded.bucket = days.bucket
            and folded.day <= days.day
            and folded.day > days.day - v_route.rolling_days
            and folded.element is not null
        where 'distinct' = any(p_defined.watched)
        group by days.peer_mentor_id, days.bucket, days.day, folded.element
        having v_route.element_at_least is null
        or case
            when v_route.element_measure = 'max' then max(folded.element_max)
            when v_route.element_measure = 'sum' then sum(folded.element_sum)
            else sum(folded.activity_count)
        end >= v_route.element_at_least
    ),
    measured as (
        select windows.peer_mentor_id, windows.has_negative, total.measure, total.value
        from windows
        cross join lateral (values
            ('count', windows.activity_count),
            ('sum', windows.value_sum),
            ('max', windows.value_max),
            ('active_days', windows.active_days::numeric),
            ('distinct', 0)
        ) as total (measure, value)
        where total.measure = any(p_defined.watched)
        union all
        select elements.peer_mentor_id, false, 'distinct', count(*)
        from elements
        group by elements.peer_mentor_id, elements.bucket, elements.day
    )
    select
        measured.peer_mentor_id, measured.measure, max(measured.value),
        bool_or(measured.has_negative)
            and (measured.measure = 'sum' or v_route.element_measure is not distinct from 'sum')
    from measured
    group by measured.peer_mentor_id, measured.measure;
end;
$$;

comment on function badges_internal._plan_rolling_values(badges_internal.stat_definitions) is
'Measures the best rolling windows of one stat from the activities, for everybody.';
