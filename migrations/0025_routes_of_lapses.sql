-- An activity is asked about tenures and about lapses apart: neither pays for the other.
-- depends: 0024_second_part

set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table badges_internal.activity_routes
    -- What a badge that lapses does with the type: counts it, or excuses units by it; null = neither.
    add column lapse_role text;

update badges_internal.activity_routes as route
set
    lapse_role = case
        when exists (
            select
            from badges_internal.milestones as milestone
            join badges_internal.stat_definitions as defined using (org_id, stat)
            where milestone.org_id = route.org_id
            and milestone.measure = 'lapse'
            and route.activity_type = any((defined.route).excuse_types)
        ) then 'excuses'
        when exists (
            select
            from badges_internal.milestones as milestone
            where milestone.org_id = route.org_id
            and milestone.measure = 'lapse'
        ) then 'counts'
    end,
    has_tenure = exists (
        select
        from badges_internal.milestones as milestone
        where milestone.org_id = route.org_id
        and milestone.measure = 'tenure'
    )
where route.has_tenure;
