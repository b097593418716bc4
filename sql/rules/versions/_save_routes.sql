-- Writes the routes of organizations: the stats that each activity type has to be looked at for.
--
-- From the stat definitions as they are now. A type that only excuses units of a streak stands in
-- its route with a predicate that chooses nothing. has_rolling: some stat is measured apart, a
-- rolling window or a sequence. lapse_role: where badges lapse it 'excuses' units of one,
-- 'counts' in one, or time 'passes' with it. week_origin: the first day of some week.
-- late_is_simple: a late one excuses no unit, and no badge of the organization has none_of, or
-- lapses and counts badges.
--
-- Writes: badges_internal.activity_routes.
create or replace function badges_internal._save_routes(p_org_ids text[], p_version integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    delete from badges_internal.activity_routes as route
    where route.org_id = any(p_org_ids);
    insert into badges_internal.activity_routes (
        org_id, activity_type, rule_set_version, routes, plain_stats, checked_routes, has_raw,
        has_tenure, lapse_role, has_rolling, week_origin, late_is_simple
    )
    select
        organization.org_id,
        named.activity_type,
        p_version,
        coalesce(chosen.routes, '{}'),
        coalesce(chosen.plain_stats, '{}'),
        coalesce(chosen.checked_routes, '{}'),
        exists (
            select
            from badges_internal.milestones as milestone
            where milestone.org_id = organization.org_id
            and milestone.measure = 'raw'
        ),
        exists (
            select
            from badges_internal.milestones as milestone
            where milestone.org_id = organization.org_id
            and milestone.measure = 'tenure'
        ),
        (
            select case
                when bool_or(named.activity_type = any((defined.route).excuse_types))
                    then 'excuses'
                when bool_or(defined.stat is not null and (
                    defined.activity_types is null
                    or named.activity_type = any(defined.activity_types)
                )) then 'counts'
                when count(*) > 0 then 'passes'
            end
            from badges_internal.milestones as milestone
            left join badges_internal.stat_definitions as defined using (org_id, stat)
            where milestone.org_id = organization.org_id
            and milestone.measure = 'lapse'
        ),
        exists (
            select
            from badges_internal.stat_definitions as defined
            where defined.org_id = organization.org_id
            and coalesce((defined.route).rolling_days, (defined.route).sequence_size) is not null
        ),
        badges_internal._unit_day(badges_internal._unit_in(organization.org_id, 'week'), 0),
        not exists (
            select
            from badges_internal.stat_definitions as defined
            where defined.org_id = organization.org_id
            and named.activity_type = any((defined.route).excuse_types)
        )
        and not exists (
            select
            from badges_internal.condition_groups as barring
            where barring.org_id = organization.org_id
            and barring.kind = 'none_of'
        )
        and not exists (
            select
            from badges_internal.milestones as counting
            where counting.org_id = organization.org_id
            and counting.measure = 'lapse'
            and counting.lapse_measure = 'badges'
        )
    from unnest(p_org_ids) as organization (org_id)
    cross join lateral (
        select '' as activity_type
        union
        select unnest(defined.activity_types || (defined.route).excuse_types)
        from badges_internal.stat_definitions as defined
        where defined.org_id = organization.org_id
    ) as named
    cross join lateral (
        select
            array_agg(kind.route order by defined.stat) as routes,
            array_agg(defined.stat order by defined.stat) filter (where kind.is_plain)
                as plain_stats,
            array_agg(kind.route order by defined.stat) filter (where not kind.is_plain)
                as checked_routes
        from badges_internal.stat_definitions as defined
        cross join lateral (
            select
                defined.selector - array['types'] = '{}' as is_plain,
                badges_internal._route_of_type(defined, named.activity_type) as route
        ) as kind
        where defined.org_id = organization.org_id
        and defined.stat >= '~'
        and (kind.route).stat is not null
    ) as chosen;
end;
$$;

comment on function badges_internal._save_routes(text[], integer) is
'Writes the routes of organizations: the stats that each activity type has to be looked at for.';
