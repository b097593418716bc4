set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Fails while something lapsed.
alter table badges.award_events
    drop constraint event_type_is_known,
    add constraint event_type_is_known check (event_type in (
        'awarded', 'revoked', 'restored', 'redated', 'conflict', 'alert'
    ));
drop index badges.earned_badges_taken_by_time;
alter table badges.earned_badges
    drop constraint revoked_by_is_known,
    add constraint revoked_by_is_rule_or_person check (revoked_by in ('rule', 'person')),
    drop constraint revoked_by_hand_is_not_before_granted_at,
    add constraint revoked_at_is_not_before_granted_at check (revoked_at >= granted_at);
alter table badges.badge_definitions
    drop constraint on_unmet_is_known,
    add constraint on_unmet_is_keep_or_revoke check (on_unmet in ('keep', 'revoke'));
drop type badges_internal.sequence_slice;
drop index badges_internal.none_of_groups;
drop index badges_internal.excusing_stats;
alter table badges_internal.activity_routes drop column week_origin;
drop type badges_internal.lapse_change;
alter table badges_internal.due_people drop column lapses_at;
drop index badges_internal.milestones_without_crossing;
create index milestones_without_crossing
    on badges_internal.milestones (org_id, measure)
    where measure in ('tenure', 'badges', 'raw');
alter table badges_internal.milestones
    drop constraint measure_is_known,
    add constraint measure_is_known check (measure in (
        'count', 'sum', 'max', 'active_days', 'distinct',
        'day_run', 'week_run', 'month_run', 'tenure', 'badges', 'raw'
    )),
    drop column lapse_measure,
    drop column last_days;
alter type badges_internal.verified_stat
    drop attribute sequence,
    drop attribute sequence_size,
    drop attribute qualify_tests,
    drop attribute cap_unit,
    drop attribute cap_at;
alter table badges.peer_mentor_stats
    drop column value_last,
    drop column lately;
alter table badges.organizations
    drop column day_starts,
    drop column week_starts,
    drop column closed_days,
    drop column previous_day_starts,
    drop column previous_activity_id;
alter type badges_internal.verified_stat
    drop attribute week_shift,
    drop attribute existing_days,
    drop attribute excused_by;
alter type badges_internal.stat_route
    drop attribute sequence,
    drop attribute qualify,
    drop attribute qualify_needs_quantity,
    drop attribute sequence_size,
    drop attribute cap_unit,
    drop attribute cap_at,
    drop attribute unit_calendar,
    drop attribute excuse,
    drop attribute excuse_needs_quantity,
    drop attribute excuse_types;

-- A value cannot be dropped from an enum: the type is made anew. Fails while a rule is of these.
alter table badges.badge_definitions
    drop constraint criteria_type_is_that_of_the_criteria;
alter type badges.criteria_type rename to criteria_type_with_sequences;
create type badges.criteria_type as enum (
    'threshold',
    'tier',
    'streak',
    'training_completion',
    'all_of',
    'any_of',
    'n_of',
    'badges_earned',
    'tenure',
    'manual',
    'criteria_raw'
);
alter table badges.badge_definitions
    alter column criteria_type type badges.criteria_type
        using criteria_type::text::badges.criteria_type,
    add constraint criteria_type_is_that_of_the_criteria
        check (criteria ->> 'type' = criteria_type::text);
drop type badges.criteria_type_with_sequences;
