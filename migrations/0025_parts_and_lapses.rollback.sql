set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Both stood in has_tenure.
update badges_internal.activity_routes as route
set has_tenure = true
where route.lapse_role is not null;
alter table badges_internal.activity_routes drop column lapse_role;
drop type badges_internal.counted_parts cascade;
create type badges_internal.stat_reading as (
    route badges_internal.stat_route,
    bucket text,
    measured numeric,
    element text,
    element_measured numeric
);
