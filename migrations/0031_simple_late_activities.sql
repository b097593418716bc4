-- A row that late days are added to is written where it was read, which is cheaper than by its key.
-- Whether a late activity of a type is simple: it excuses no unit of a streak, and no badge of its
-- organization has none_of, or lapses and counts badges. Three questions less for each late one.
-- depends: 0030_evaluated_version

set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter type badges_internal.late_row add attribute place tid; -- where the row stands

alter table badges_internal.activity_routes
    add column late_is_simple boolean not null default false;

update badges_internal.activity_routes as route
set late_is_simple = true
where not exists (
    select
    from badges_internal.stat_definitions as defined
    where defined.org_id = route.org_id
    and route.activity_type = any((defined.route).excuse_types)
)
and not exists (
    select
    from badges_internal.condition_groups as barring
    where barring.org_id = route.org_id
    and barring.kind = 'none_of'
)
and not exists (
    select
    from badges_internal.milestones as counting
    where counting.org_id = route.org_id
    and counting.measure = 'lapse'
    and counting.lapse_measure = 'badges'
);
