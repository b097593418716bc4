-- An activity is asked about tenures and about lapses apart: neither pays for the other.
-- depends: 0024_second_part

set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table badges_internal.activity_routes
    -- What badges that lapse do with the type: count it, or excuse units by it; null = neither.
    add column lapse_role text;

-- It stood in has_tenure.
update badges_internal.activity_routes as route
set
    has_tenure = exists (
        select
        from badges_internal.milestones as milestone
        where milestone.org_id = route.org_id
        and milestone.measure = 'tenure'
    ),
    lapse_role = (
        select max(case
            when route.activity_type = any((defined.route).excuse_types) then 'excuses'
            when defined.activity_types is null
                or route.activity_type = any(defined.activity_types) then 'counts'
        end)
        from badges_internal.milestones as milestone
        join badges_internal.stat_definitions as defined using (org_id, stat)
        where milestone.org_id = route.org_id
        and milestone.measure = 'lapse'
    )
where route.has_tenure;
