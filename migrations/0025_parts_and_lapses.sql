-- An activity is asked about tenures and about lapses apart, and what is counted apart is so first:
-- neither pays for the other.
-- depends: 0024_second_part

set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table badges_internal.activity_routes
    -- Where badges lapse: 'excuses' units of one, 'counts' in one, or time 'passes' with it.
    add column lapse_role text;

-- It stood in has_tenure, for some types.
update badges_internal.activity_routes as route
set
    has_tenure = exists (
        select
        from badges_internal.milestones as milestone
        where milestone.org_id = route.org_id
        and milestone.measure = 'tenure'
    ),
    lapse_role = (
        select case
            when bool_or(route.activity_type = any((defined.route).excuse_types)) then 'excuses'
            when bool_or(defined.stat is not null and (
                defined.activity_types is null
                or route.activity_type = any(defined.activity_types)
            )) then 'counts'
            when count(*) > 0 then 'passes'
        end
        from badges_internal.milestones as milestone
        left join badges_internal.stat_definitions as defined using (org_id, stat)
        where milestone.org_id = route.org_id
        and milestone.measure = 'lapse'
    );

-- What an activity left to do after the stats that are counted apart.
create type badges_internal.counted_parts as (
    stats text[], -- rolling windows and sequences, whose rows nothing else takes it into
    buckets text[],
    wide_stats text[], -- those that one activity does not tell enough about
    falling_stats text[], -- those in which a value below zero was counted
    has_reached boolean, -- a row reached a threshold
    is_left boolean -- there is more to do
);

-- The routines that took it come anew.
-- squawk-ignore ban-drop-type
drop type badges_internal.stat_reading cascade;
