set local lock_timeout = '5s';
set local statement_timeout = '60s';

comment on view badges.mentor_activity_totals is null;
drop index badges_internal.milestones_without_crossing;
alter table badges_internal.milestones
    drop constraint measure_is_known,
    drop column duration,
    add constraint measure_is_known check (measure in (
        'count', 'sum', 'max', 'active_days', 'distinct',
        'day_run', 'week_run', 'month_run', 'badges', 'raw'
    ));
alter table badges.rule_sets drop column origin;
alter table badges.badge_definitions drop column place_limit;
alter table badges_internal.activity_routes
    drop column has_tenure,
    drop column has_rolling,
    drop column has_revocable;
alter table badges.organizations drop column previous_time_zone;
drop table badges_internal.place_claims;
drop table badges_internal.badge_places;
drop table badges_internal.due_people;
alter type badges_internal.stat_route
    drop attribute needs_calendar,
    drop attribute clock_zone,
    drop attribute rolling_days,
    drop attribute grace;

-- A value cannot be dropped from an enum: the type is made anew. Fails while a rule is a tenure.
alter table badges.badge_definitions
    drop constraint criteria_type_is_that_of_the_criteria;
alter type badges.criteria_type rename to criteria_type_with_tenure;
create type badges.criteria_type as enum (
    'threshold',
    'tier',
    'streak',
    'training_completion',
    'all_of',
    'any_of',
    'n_of',
    'badges_earned',
    'manual',
    'criteria_raw'
);
alter table badges.badge_definitions
    alter column criteria_type type badges.criteria_type
        using criteria_type::text::badges.criteria_type,
    add constraint criteria_type_is_that_of_the_criteria
        check (criteria ->> 'type' = criteria_type::text);
drop type badges.criteria_type_with_tenure;
