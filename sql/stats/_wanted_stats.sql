-- Lists the stats that each kind of activity counts in, the base stats first.
--
-- More rows are promised than come: what joins them shall not take them for one.
create or replace function badges_internal._wanted_stats(
    p_kinds badges_internal.activity_kind[],
    p_stats text[]
)
returns table (
    org_id text,
    activity_type text,
    stat text,
    predicate jsonpath,
    needs_quantity boolean,
    value_field text,
    per_field text,
    window_unit text,
    element_field text,
    element_unit text,
    element_measure text,
    element_value_field text,
    element_at_least numeric,
    has_days boolean,
    needs_calendar boolean,
    clock_zone text,
    rolling_days integer,
    grace integer,
    sequence text,
    qualify jsonpath,
    qualify_needs_quantity boolean,
    sequence_size integer,
    cap_unit text,
    cap_at numeric,
    unit_calendar jsonb,
    excuse jsonpath,
    excuse_needs_quantity boolean,
    excuse_types text[]
)
language plpgsql
stable
rows 10000
as $$
#variable_conflict use_column
begin
    return query
    select kind.org_id, kind.activity_type, route.*
    from unnest(p_kinds) as kind
    cross join lateral (
        select found.routes
        from badges_internal.activity_routes as found
        where found.org_id = kind.org_id
        and found.activity_type in (kind.activity_type, '')
        order by found.activity_type desc
        limit 1
    ) as chosen
    cross join lateral unnest(chosen.routes) as route
    where p_stats is null or route.stat = any(p_stats)
    union all
    select kind.org_id, kind.activity_type, route.*
    from unnest(p_kinds) as kind
    cross join lateral (values ('*'), ('=' || kind.activity_type)) as base (stat)
    cross join lateral badges_internal._base_route(base.stat) as route
    where p_stats is null or base.stat = any(p_stats);
end;
$$;

comment on function badges_internal._wanted_stats(badges_internal.activity_kind[], text[]) is
'Lists the stats that each kind of activity counts in, the base stats first.';
