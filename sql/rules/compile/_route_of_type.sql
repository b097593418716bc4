-- Gives how a stat looks at activities of a type, null where it does not.
--
-- A type that only excuses units of a streak is chosen by nothing.
create or replace function badges_internal._route_of_type(
    p_defined badges_internal.stat_definitions,
    p_type text
)
returns badges_internal.stat_route
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_route badges_internal.stat_route := p_defined.route;
begin
    if p_type = any(p_defined.activity_types) is not false then
        return v_route;
    elsif p_type = any(v_route.excuse_types) then
        v_route.predicate := 'strict 1 == 0';
        return v_route;
    end if;
    return null;
end;
$$;

comment on function badges_internal._route_of_type(badges_internal.stat_definitions, text) is
'Gives how a stat looks at activities of a type, null where it does not.';
