-- What the second part of the rule language needs: calendars, sequences, lapses.
-- depends: 0023_people

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Each comes again, wider.
-- squawk-ignore-file ban-drop-constraint

alter type badges.criteria_type add value 'in_a_row' before 'manual';
alter type badges.criteria_type add value 'share' before 'manual';
alter type badges.criteria_type add value 'none_of' before 'manual';

alter type badges_internal.stat_route
    -- What an activity adds depends on those before it: in_a_row, share, share_of_last or cap.
    add attribute sequence text,
    add attribute qualify jsonpath, -- in_a_row, share: which activities qualify
    add attribute qualify_needs_quantity boolean,
    add attribute sequence_size integer, -- from so many on it has a value; null = no sequence
    add attribute cap_unit text,
    add attribute cap_at numeric, -- a unit adds no more
    add attribute unit_calendar jsonb, -- of a streak: on, the days that exist; null = all
    add attribute excuse jsonpath, -- which activities excuse a unit; of these types
    add attribute excuse_needs_quantity boolean,
    add attribute excuse_types text[];

alter type badges_internal.verified_stat
    add attribute week_shift integer, -- days by which weeks begin before a Monday, null = none
    add attribute existing_days jsonb, -- on of a streak, null = all
    add attribute excused_by jsonb;

alter table badges.organizations
    add column day_starts time not null default '00:00', -- local
    add column week_starts text not null default 'monday',
    add column closed_days text[] not null default '{}', -- YYYY-MM-DD, or MM-DD of every year
    add column previous_day_starts time, -- as previous_time_zone
    add column previous_activity_id bigint, -- the newest before the days changed, null = all
    add constraint day_starts_by_noon check (day_starts <= '12:00') not valid,
    add constraint week_starts_is_known check (
        week_starts in ('monday', 'saturday', 'sunday')
    ) not valid;

alter table badges.peer_mentor_stats
    -- Of a sequence: what the newest activity came to (the run, the share, the unit's total).
    add column value_last numeric,
    -- Of a share of the last activities: which of them qualified, the newest last.
    add column lately varbit;

-- Few, and on the way of every late activity. The table is small.
-- squawk-ignore require-concurrent-index-creation
create index none_of_groups on badges_internal.condition_groups (org_id, badge_definition_id)
where kind = 'none_of';
-- squawk-ignore require-concurrent-index-creation
create index excusing_stats on badges_internal.stat_definitions (org_id)
where (route).excuse_types is not null;

alter table badges_internal.activity_routes
    add column week_origin date not null default '1900-01-01'; -- the first day of some week

alter table badges_internal.milestones
    -- Of a badge that lapses the measure is lapse: no crossing decides it. What it measures is here.
    add column lapse_measure text,
    add column last_days integer, -- of so many local days; null = of all
    drop constraint measure_is_known,
    add constraint measure_is_known check (measure in (
        'count', 'sum', 'max', 'active_days', 'distinct',
        'day_run', 'week_run', 'month_run', 'tenure', 'badges', 'raw', 'lapse'
    )) not valid;

-- squawk-ignore require-concurrent-index-deletion
drop index badges_internal.milestones_without_crossing;
-- squawk-ignore require-concurrent-index-creation
create index milestones_without_crossing
    on badges_internal.milestones (org_id, measure)
    where measure in ('tenure', 'badges', 'raw', 'lapse');

alter table badges_internal.due_people
    add column lapses_at timestamptz; -- of what lapses: until then nothing changes by time alone

create type badges_internal.lapse_change as (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    change text, -- awarded, lapsed, restored, redated; interrupted = lapsed and restored
    held_since timestamptz, -- null = not held
    ended_at timestamptz, -- when it ceased to hold after the award's own beginning
    activity_id bigint,
    threshold numeric,
    threshold_source text
);

-- A stretch of a person's sequence, and how many it chose before, and how many of them qualified.
create type badges_internal.sequence_slice as (
    since timestamptz,
    before timestamptz,
    chosen_count bigint,
    qualified_count numeric
);

alter type badges_internal.verified_stat
    add attribute sequence text,
    add attribute sequence_size integer,
    add attribute qualify_tests jsonb,
    add attribute cap_unit text,
    add attribute cap_at numeric;

alter table badges.badge_definitions
    drop constraint on_unmet_is_keep_or_revoke,
    add constraint on_unmet_is_known check (on_unmet in ('keep', 'revoke', 'lapse')) not valid;

alter table badges.earned_badges
    drop constraint revoked_by_is_rule_or_person,
    add constraint revoked_by_is_known check (revoked_by in ('rule', 'time', 'person')) not valid,
    -- What lapsed did so at its own time, which may lie before anybody noticed that it was held.
    drop constraint revoked_at_is_not_before_granted_at,
    add constraint revoked_by_hand_is_not_before_granted_at
        check (revoked_at >= granted_at or revoked_by <> 'person') not valid;

-- One pass over a table that the upgrade holds anyway; nothing is in it yet.
-- squawk-ignore require-concurrent-index-creation
create index earned_badges_taken_by_time on badges.earned_badges (org_id, badge_definition_id)
where revoked_by = 'time';

alter table badges.award_events
    drop constraint event_type_is_known,
    add constraint event_type_is_known check (event_type in (
        'awarded', 'revoked', 'restored', 'lapsed', 'redated', 'conflict', 'alert'
    )) not valid;
