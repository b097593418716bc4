-- Tables, types and views of pgmerit. Replaceable routines live in sql/.
--
-- Every key that grows with people begins with peer_mentor_id. Rules and organizations are small.
-- depends:

set local lock_timeout = '5s';
set local statement_timeout = '60s';

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

-- One stat as the fold needs it: how to choose an activity and which part of it to measure.
create type badges_internal.stat_route as (
    stat text,
    predicate jsonpath, -- over attributes, null = every activity; $quantity is the column
    needs_quantity boolean, -- the predicate names $quantity
    value_field text, -- what sum and max look at, null = quantity
    per_field text, -- attribute whose values are measured apart
    window_unit text, -- day, week, month, quarter or year, null = lifetime
    element_field text, -- attribute whose distinct values are counted; '' = the calendar unit
    element_unit text, -- calendar unit of a per_unit streak
    element_measure text, -- count, sum or max an element must reach
    element_value_field text, -- what the element's sum and max look at, null = quantity
    element_at_least numeric, -- null = one activity is enough
    has_days boolean -- some rule asks for active days or runs over all its activities
);

-- A badge that may have come true for a person.
create type badges_internal.candidate as (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    came_true_at timestamptz, -- null = must be looked up in the activities
    activity_id bigint
);

create type badges_internal.stat_key as (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text
);

create type badges_internal.activity_kind as (
    org_id text,
    activity_type text
);

-- A person with the moment of the earliest late activity.
create type badges_internal.late_person as (
    peer_mentor_id uuid,
    org_id text,
    occurred_at timestamptz
);

-- A day of a stat's row, with the activities the statement brought to it.
create type badges_internal.late_day as (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    activity_date date,
    activity_count bigint
);

-- What newly counted elements do to their stat's row.
create type badges_internal.element_change as (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    element_unit text, -- null for values
    distinct_delta integer,
    unit_run integer, -- of per_unit streaks: the run that ends at run_end
    longest_unit_run integer,
    run_end date
);

-- What a statement's fold leaves to do.
create type badges_internal.fold_result as (
    candidates badges_internal.candidate[],
    late_days badges_internal.late_day[], -- days of rows that reach back before their last day
    late_people badges_internal.late_person[] -- whose awards may have to move back
);

create type badges_internal.new_activity as (
    peer_mentor_id uuid,
    org_id text,
    activity_type text,
    activity_date date,
    occurred_at timestamptz,
    quantity numeric,
    attributes jsonb,
    activity_id bigint
);

-- What the short way for one activity leaves to do.
create type badges_internal.short_result as (
    is_done boolean,
    is_in_order boolean, -- the activity is the person's latest
    is_stale boolean, -- the person is of another rule-set version: rebuild
    left_stats text[], -- for the fold; null = everything
    candidates badges_internal.candidate[],
    late_days badges_internal.late_day[],
    late_people badges_internal.late_person[]
);

-- A badge, tier and occurrence that holds, and since when.
create type badges_internal.dated_award as (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    earned_at timestamptz,
    activity_id bigint,
    threshold numeric,
    threshold_source text
);

-- One condition of a badge for one person: its target, and when it was reached.
create type badges_internal.condition_state as (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    node integer,
    parent integer,
    stat text,
    measure text,
    threshold numeric,
    threshold_source text,
    came_true_at timestamptz, -- a candidate's own moment, null = look it up
    activity_id bigint,
    -- When it held, for a value that can fall; null = from came_true_at on.
    held_during tstzmultirange
);

create table badges.rule_sets (
    rule_set text collate "C" not null,
    version integer not null,
    document jsonb not null,
    checksum text not null, -- SHA-256 hex of the document's jsonb text
    applied_at timestamptz not null,
    applied_by text not null,
    primary key (rule_set, version),
    constraint rule_set_is_a_slug check (rule_set ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    constraint version_is_positive check (version > 0)
);

create table badges.organizations (
    org_id text collate "C" primary key,
    name text not null,
    time_zone text not null default 'UTC', -- IANA
    rule_set text collate "C", -- the rule set that owns it; null = none yet
    rule_set_version integer not null default 0, -- the version new people start with
    is_active boolean not null default true, -- false when the rule set no longer names it
    constraint org_id_is_a_slug check (org_id ~ '^[a-z0-9][a-z0-9._-]{0,62}$')
);

create table badges.badge_definitions (
    badge_definition_id text collate "C" primary key,
    rule_set text collate "C",
    name text not null, -- in the default language
    description text not null default '',
    translations jsonb not null default '{}', -- {"name": {"nb": ..}, "description": {..}}
    icon text,
    category text,
    is_hidden boolean not null default false,
    is_active boolean not null default true, -- false when the rule set dropped or disabled it
    on_unmet text not null default 'keep',
    criteria_type badges.criteria_type not null,
    criteria jsonb not null,
    criteria_version integer not null default 1, -- rises when criteria change
    constraint badge_definition_id_is_a_slug
        check (badge_definition_id ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    constraint on_unmet_is_keep_or_revoke check (on_unmet in ('keep', 'revoke')),
    constraint criteria_type_is_that_of_the_criteria
        check (criteria ->> 'type' = criteria_type::text)
);

create table badges.org_badge_configs (
    org_id text collate "C" not null references badges.organizations,
    badge_definition_id text collate "C" not null references badges.badge_definitions,
    is_enabled boolean not null default true,
    custom_thresholds jsonb, -- a number, or numbers by tier or part id
    primary key (org_id, badge_definition_id)
);

create table badges.activities (
    activity_id bigint generated by default as identity,
    org_id text collate "C" not null,
    peer_mentor_id uuid not null,
    activity_type text collate "C" not null,
    occurred_at timestamptz not null,
    activity_date date not null, -- the person's local day; null on insert = the organization's
    quantity numeric not null default 0,
    attributes jsonb not null default '{}',
    idempotency_key text,
    primary key (peer_mentor_id, activity_id),
    constraint activities_idempotency_key_is_unique
        unique (peer_mentor_id, org_id, idempotency_key),
    constraint activity_type_has_1_to_100_characters
        check (length(activity_type) between 1 and 100),
    constraint occurred_at_is_within_1900_and_2200
        check (occurred_at >= '1900-01-03 00:00:00+00' and occurred_at < '2200-01-01 00:00:00+00'),
    constraint activity_date_is_within_a_day_of_the_utc_date
        check (activity_date between (occurred_at at time zone 'UTC')::date - 1
                                 and (occurred_at at time zone 'UTC')::date + 1),
    -- NaN and infinity sort above 1e30.
    constraint quantity_is_finite_and_at_most_1e30 check (quantity between -1e30 and 1e30),
    constraint attributes_is_a_json_object check (jsonb_typeof(attributes) = 'object')
);

create index activities_by_mentor_day_type
    on badges.activities (peer_mentor_id, activity_date, activity_type);

-- The snapshot: a row a (person, organization, stat, bucket). docs/stats.md tells the keys.
create table badges.peer_mentor_stats (
    peer_mentor_id uuid not null,
    org_id text collate "C" not null,
    stat text collate "C" not null, -- '*' all types, '=type' one type, '~hash' a rule's selector
    bucket text collate "C" not null default '', -- '' or the part measured apart
    rule_set_version integer, -- on the base row '*' only: the version this person is built for
    activity_count bigint not null default 0,
    value_sum numeric not null default 0,
    value_max numeric,
    has_negative boolean not null default false, -- a negative value was counted: sums may fall
    active_days integer not null default 0,
    distinct_count integer not null default 0, -- elements that reached their target
    day_run integer not null default 0, -- length of the run that ends at run_end
    week_run integer not null default 0,
    month_run integer not null default 0,
    longest_day_run integer not null default 0,
    longest_week_run integer not null default 0,
    longest_month_run integer not null default 0,
    run_end date, -- the last qualifying day (per_unit: first day of the last qualifying unit)
    first_at timestamptz,
    last_at timestamptz,
    last_date date, -- null on rows whose days no rule asks for: no active days, no runs
    -- The lowest threshold above the present value, null = nothing waits.
    next_count bigint,
    next_sum numeric,
    next_max numeric,
    next_active_days integer,
    next_distinct integer,
    next_day_run integer,
    next_week_run integer,
    next_month_run integer,
    primary key (peer_mentor_id, org_id, stat, bucket),
    constraint activity_count_is_not_negative check (activity_count >= 0),
    constraint active_days_are_not_more_than_activities
        check (active_days between 0 and activity_count),
    constraint distinct_count_is_not_negative check (distinct_count >= 0)
) with (fillfactor = 70);

-- Base rows by version: what the backfill still has to visit.
create index peer_mentor_stats_base_rows
    on badges.peer_mentor_stats (org_id, rule_set_version, peer_mentor_id)
    where stat = '*';

-- What distinct counts and per_unit streaks count: values and calendar units with their tallies.
create table badges_internal.stat_elements (
    peer_mentor_id uuid not null,
    org_id text collate "C" not null,
    stat text collate "C" not null,
    bucket text collate "C" not null,
    element text collate "C" not null, -- JSON scalar as text, or the first day of the unit
    tally numeric, -- towards element_at_least; null where one activity is enough or none had a value
    is_counted boolean not null,
    primary key (peer_mentor_id, org_id, stat, bucket, element)
) with (fillfactor = 70);

-- Compiled rules. Written by apply_rule_set alone.
create table badges_internal.stat_definitions (
    org_id text collate "C" not null references badges.organizations,
    stat text collate "C" not null,
    selector jsonb not null, -- canonical; the stat's name is its hash
    activity_types text[], -- null = any
    route badges_internal.stat_route, -- null for base stats
    watched text[] not null, -- measures that some milestone asks for
    since_version integer not null, -- the rule-set version that brought it in
    primary key (org_id, stat)
);

create table badges_internal.activity_routes (
    org_id text collate "C" not null references badges.organizations,
    activity_type text collate "C" not null, -- '' = every type not listed
    rule_set_version integer not null,
    routes badges_internal.stat_route[] not null, -- every selector stat to be considered
    -- The same for the short way: stats that count every such activity in their lifetime row, and
    -- those that look at it first.
    plain_stats text[] not null,
    checked_routes badges_internal.stat_route[] not null,
    has_raw boolean not null, -- some badge here is criteria_raw: looked at after every statement
    primary key (org_id, activity_type)
);

create table badges_internal.milestones (
    org_id text collate "C" not null references badges.organizations,
    badge_definition_id text collate "C" not null references badges.badge_definitions,
    tier text collate "C" not null default '',
    occurrence integer not null default 1,
    node integer not null default 0, -- place in the composed criteria; 0 = the whole badge
    parent integer, -- the group it belongs to; null = it decides alone
    stat text collate "C", -- null for badges and raw
    measure text not null,
    threshold numeric not null,
    threshold_source text not null default 'default',
    badge_ids text[], -- badges_earned: the listed badges, null = by category or any
    badge_category text,
    expression text, -- criteria_raw
    path text not null, -- JSON path of the condition in the criteria
    structure text, -- hash of the composed criteria it is part of, null when it decides alone
    since_version integer not null,
    primary key (org_id, badge_definition_id, tier, occurrence, node),
    constraint measure_is_known check (measure in (
        'count', 'sum', 'max', 'active_days', 'distinct',
        'day_run', 'week_run', 'month_run', 'badges', 'raw'
    )),
    constraint threshold_source_is_known check (threshold_source in ('default', 'organization'))
);

create index milestones_by_stat_measure_threshold
    on badges_internal.milestones (org_id, stat, measure, threshold);

create table badges_internal.condition_groups (
    org_id text collate "C" not null references badges.organizations,
    badge_definition_id text collate "C" not null references badges.badge_definitions,
    node integer not null,
    parent integer, -- null = the root
    depth integer not null, -- the root is 0
    kind text not null, -- all_of, any_of or n_of
    required integer not null, -- how many parts must hold
    path text not null,
    primary key (org_id, badge_definition_id, node)
);

create table badges_internal.settings (
    setting text collate "C" primary key,
    setting_value jsonb not null
);

create table badges.earned_badges (
    peer_mentor_id uuid not null,
    badge_definition_id text collate "C" not null,
    org_id text collate "C" not null,
    tier text collate "C" not null default '',
    occurrence integer not null default 1,
    earned_at timestamptz not null, -- when the rule came true, by the activities' own times
    granted_at timestamptz not null, -- when this row was written
    activity_id bigint, -- the deciding activity; null where none decides alone
    threshold numeric, -- null where no single number decided
    threshold_source text,
    rule_set text collate "C",
    rule_set_version integer,
    idempotency_key text not null,
    source text not null,
    revoked_at timestamptz,
    revoked_by text,
    revoke_reason text,
    constraint earned_badges_are_awarded_once
        primary key (peer_mentor_id, badge_definition_id, org_id, tier, occurrence),
    -- rule: a trigger; backfill: a rule applied later; sweep: time alone; manual: a person.
    constraint source_is_known check (source in ('rule', 'backfill', 'sweep', 'manual', 'import')),
    constraint revoked_by_is_rule_or_person check (revoked_by in ('rule', 'person')),
    constraint revoked_by_and_revoked_at_come_together
        check ((revoked_at is null) = (revoked_by is null)),
    constraint revoked_at_is_not_before_granted_at check (revoked_at >= granted_at),
    constraint occurrence_is_positive check (occurrence > 0)
) with (fillfactor = 90);

create table badges.badge_denials (
    peer_mentor_id uuid not null,
    badge_definition_id text collate "C" not null,
    org_id text collate "C" not null,
    tier text collate "C" not null default '', -- '' = every tier
    reason text not null,
    denied_at timestamptz not null,
    denied_by text not null,
    primary key (peer_mentor_id, badge_definition_id, org_id, tier)
);

-- Outbox and audit trail: append-only, a row an award, revocation, restoration, redating, conflict
-- or alert.
create table badges.award_events (
    event_id bigint generated always as identity,
    peer_mentor_id uuid not null,
    org_id text collate "C" not null,
    badge_definition_id text collate "C" not null,
    tier text collate "C" not null,
    occurrence integer not null,
    event_type text not null,
    source text not null,
    is_delivered_by_default boolean not null, -- false for a backfill's awards
    transaction_id xid8 not null,
    created_at timestamptz not null,
    details jsonb not null default '{}',
    primary key (peer_mentor_id, event_id),
    constraint event_type_is_known check (event_type in (
        'awarded', 'revoked', 'restored', 'redated', 'conflict', 'alert'
    ))
);

create index award_events_by_transaction on badges.award_events (transaction_id);

-- The base stats by name, for people who just want counts.
create view badges.mentor_activity_totals with (security_invoker = true) as
select
    peer_mentor_id,
    org_id,
    nullif(substr(stat, 2), '') as activity_type, -- null = all types
    activity_count,
    value_sum,
    value_max,
    active_days,
    longest_day_run,
    longest_week_run,
    longest_month_run,
    first_at,
    last_at,
    last_date
from badges.peer_mentor_stats
where stat < '>'
and bucket = '';
