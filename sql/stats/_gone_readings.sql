-- Reads gone activities of an organization by each route that chose them.
--
-- bucket null: a part was asked for and the activity has none. In line wherever it is called from a
-- FROM clause.
create or replace function badges_internal._gone_readings(
    p_org_id text,
    p_gone badges_internal.gone_activity[]
)
returns table (
    route badges_internal.stat_route,
    bucket text,
    activity_date date,
    occurred_at timestamptz,
    measured numeric,
    element text,
    value jsonb, -- of the element's attribute; null for units
    element_measured numeric
)
language sql
stable
parallel safe
begin atomic
select
    route,
    case
        when route.per_field is null and route.window_unit is null then ''
        else badges_internal._bucket(
            route.per_field, route.window_unit, gone.attributes, gone.quantity, gone.activity_date
        )
    end,
    gone.activity_date,
    gone.occurred_at,
    badges_internal._field_number(route.value_field, gone.attributes, gone.quantity),
    case
        when route.element_unit is not null then to_char(
            badges_internal._unit_start(route.element_unit, gone.activity_date)::timestamp,
            'YYYY-MM-DD'
        )
        when route.element_field is not null then badges_internal._scalar_text(
            badges_internal._attribute(gone.attributes, gone.quantity, route.element_field)
        )
    end,
    case when route.element_unit is null then badges_internal._attribute(
        gone.attributes, gone.quantity, route.element_field
    ) end,
    case when route.element_measure in ('sum', 'max') then badges_internal._field_number(
        route.element_value_field, gone.attributes, gone.quantity
    ) end
from unnest(p_gone) as gone
left join lateral (
    select served.routes
    from badges_internal.activity_routes as served
    where served.org_id = p_org_id
    and served.activity_type in (gone.activity_type, '')
    order by served.activity_type desc
    limit 1
) as found on true
cross join lateral unnest(found.routes || array[
    row('*', null, false, null, null, null, null, null, null, null, null, true, false, null, null,
        null)::badges_internal.stat_route,
    row('=' || gone.activity_type, null, false, null, null, null, null, null, null, null, null,
        true, false, null, null, null)::badges_internal.stat_route
]) as route
where badges_internal._is_chosen(
    route.predicate, route.needs_quantity, route.needs_calendar, route.clock_zone, gone.attributes,
    gone.quantity, gone.activity_date, gone.occurred_at
);
end;

comment on function badges_internal._gone_readings(text, badges_internal.gone_activity[]) is
'Reads gone activities of an organization by each route that chose them.';
