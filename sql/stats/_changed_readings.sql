-- Reads changed activities of an organization by each route that chose them.
--
-- What a route reads alike before and after is left out: nothing changes there. is_new: as it is
-- now. In line wherever it is called from a FROM clause.
create or replace function badges_internal._changed_readings(
    p_org_id text,
    p_changed badges_internal.changed_activity[]
)
returns table (
    route badges_internal.stat_route,
    is_new boolean,
    bucket text,
    activity_date date,
    occurred_at timestamptz,
    measured numeric,
    element text,
    element_measured numeric,
    lowest numeric -- the least value that a sum gets
)
language sql
stable
begin atomic
select
    read.route, read.is_new, read.bucket, read.activity_date, read.occurred_at, read.measured,
    read.element, read.element_measured, read.lowest
from (
    select
        reading.*,
        sum(case when reading.is_new then 1 else -1 end) over (
            partition by (reading.route).stat, reading.bucket, reading.activity_date,
                reading.occurred_at, reading.measured, reading.element, reading.element_measured
        ) as surplus
    from (
        select
            route, changed.is_new, own.bucket, changed.activity_date, changed.occurred_at,
            case
                when route.qualify is null then own.measured
                else badges_internal._qualifies(route, changed.attributes, changed.quantity)
            end as measured,
            own.element, own.element_measured, own.lowest
        from unnest(p_changed) as changed
        left join lateral (
            select served.routes
            from badges_internal.activity_routes as served
            where served.org_id = p_org_id
            and served.activity_type in (changed.activity_type, '')
            order by served.activity_type desc
            limit 1
        ) as found on true
        cross join lateral unnest(found.routes || array[
            badges_internal._base_route('*'),
            badges_internal._base_route('=' || changed.activity_type)
        ]) as route
        cross join lateral badges_internal._reading(
            route.per_field, route.window_unit, route.value_field, route.element_field,
            route.element_unit, route.element_measure, route.element_value_field,
            changed.attributes, changed.quantity, changed.activity_date
        ) as own
        where badges_internal._is_chosen(
            route.predicate, route.needs_quantity, route.needs_calendar, route.clock_zone,
            changed.attributes, changed.quantity, changed.activity_date, changed.occurred_at
        )
    ) as reading
    where reading.bucket is not null
) as read
where read.surplus <> 0;
end;

comment on function badges_internal._changed_readings(
    text, badges_internal.changed_activity[]
) is
'Reads changed activities of an organization by each route that chose them.';
