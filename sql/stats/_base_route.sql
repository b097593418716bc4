-- Gives how a base stat reads its activities: all of them, as they are.
create or replace function badges_internal._base_route(p_stat text)
returns badges_internal.stat_route
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return row(
        p_stat,
        null, false, -- predicate, needs_quantity
        null, null, null, -- value_field, per_field, window_unit
        null, null, null, null, null, -- element_*
        true, false, -- has_days, needs_calendar
        null, null, null, -- clock_zone, rolling_days, grace
        null, null, null, null, null, null, -- sequences
        null, null, null, null -- calendar and excuses
    )::badges_internal.stat_route;
end;
$$;

comment on function badges_internal._base_route(text) is
'Gives how a base stat reads its activities: all of them, as they are.';
