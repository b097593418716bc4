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
    add attribute is_live boolean, -- a rolling window that ends today: last_days
    add attribute unit_calendar text, -- the days that exist for a streak; null = all
    add attribute excuse jsonpath, -- which activities excuse a unit; of these types
    add attribute excuse_needs_quantity boolean,
    add attribute excuse_types text[];

alter table badges.organizations
    add column day_starts time not null default '00:00', -- local
    add column week_starts text not null default 'monday',
    add column previous_day_starts time, -- as previous_time_zone
    add column previous_week_starts text,
    add constraint day_starts_by_noon check (day_starts <= '12:00') not valid,
    add constraint week_starts_is_known check (
        week_starts in ('monday', 'saturday', 'sunday')
    ) not valid;

alter table badges.peer_mentor_stats
    -- Of a sequence: what the newest activity came to (the run, the share, the unit's total).
    add column value_last numeric,
    -- Of a share of the last activities: which of them qualified, the newest last.
    add column lately varbit;

alter table badges_internal.stat_elements
    add column is_excused boolean; -- of a unit: passed over where it does not count

alter table badges_internal.activity_routes
    -- What some badge of the organization asks for; where none does, no statement looks for it.
    add column has_lapse boolean not null default false;

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
    add attribute qualify_tests jsonb;

alter table badges.badge_definitions
    drop constraint on_unmet_is_keep_or_revoke,
    add constraint on_unmet_is_known check (on_unmet in ('keep', 'revoke', 'lapse')) not valid;

alter table badges.earned_badges
    drop constraint revoked_by_is_rule_or_person,
    add constraint revoked_by_is_known check (revoked_by in ('rule', 'time', 'person')) not valid;

alter table badges.award_events
    drop constraint event_type_is_known,
    add constraint event_type_is_known check (event_type in (
        'awarded', 'revoked', 'restored', 'lapsed', 'redated', 'conflict', 'alert'
    )) not valid;
