-- The schema as it is after `pgmerit migrate`: read it, change migrations/ and sql/ instead.
-- Written by `make schema`, compared by a test.

-- Types

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
    'in_a_row',
    'share',
    'none_of',
    'manual',
    'criteria_raw'
);

create type badges_internal.activity_kind as (
    org_id text,
    activity_type text
);

create type badges_internal.begun_fold as (
    peer_mentor_ids uuid[],
    org_ids text[],
    stale_people uuid[],
    stale_orgs text[],
    candidates badges_internal.candidate[]
);

create type badges_internal.candidate as (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    came_true_at timestamp with time zone,
    activity_id bigint
);

create type badges_internal.changed_activity as (
    peer_mentor_id uuid,
    org_id text,
    activity_type text,
    activity_date date,
    occurred_at timestamp with time zone,
    quantity numeric,
    attributes jsonb,
    is_new boolean
);

create type badges_internal.changed_element as (
    element text,
    gone_count bigint,
    gone_sum numeric,
    gone_max numeric,
    come_count bigint,
    come_sum numeric,
    come_max numeric
);

create type badges_internal.changed_part as (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    types text[],
    route badges_internal.stat_route,
    thresholds badges_internal.stat_thresholds,
    held badges_internal.held_stat,
    first_day date,
    last_day date,
    gone_count bigint,
    gone_sum numeric,
    gone_max numeric,
    come_count bigint,
    come_sum numeric,
    come_max numeric,
    value_min numeric,
    is_in_place boolean,
    first_at timestamp with time zone,
    last_at timestamp with time zone,
    days date[],
    elements badges_internal.changed_element[]
);

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
    came_true_at timestamp with time zone,
    activity_id bigint,
    held_during tstzmultirange
);

create type badges_internal.counted_activity as (
    peer_mentor_id uuid,
    org_id text,
    occurred_at timestamp with time zone,
    activity_id bigint,
    is_stale boolean,
    is_late boolean,
    is_falling boolean,
    has_looked boolean,
    candidates badges_internal.candidate[],
    stats text[],
    buckets text[],
    late badges_internal.late_activity,
    is_only_late boolean,
    is_newest boolean
);

create type badges_internal.counted_parts as (
    stats text[],
    buckets text[],
    wide_stats text[],
    falling_stats text[],
    has_reached boolean,
    is_left boolean
);

create type badges_internal.dated_award as (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    earned_at timestamp with time zone,
    activity_id bigint,
    threshold numeric,
    threshold_source text
);

create type badges_internal.element_change as (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    element_unit text,
    distinct_delta integer,
    unit_run integer,
    longest_unit_run integer,
    run_end date
);

create type badges_internal.fold_result as (
    candidates badges_internal.candidate[],
    late_days badges_internal.late_day[],
    late_people badges_internal.late_person[],
    fallen_people badges_internal.late_person[],
    unit_changes badges_internal.element_change[],
    states badges_internal.condition_state[]
);

create type badges_internal.held_stat as (
    activity_count bigint,
    value_sum numeric,
    value_max numeric,
    has_negative boolean,
    active_days integer,
    distinct_count integer,
    runs integer[],
    longest_runs integer[],
    run_end date,
    first_at timestamp with time zone,
    last_at timestamp with time zone,
    last_date date
);

create type badges_internal.lapse_change as (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    change text,
    held_since timestamp with time zone,
    ended_at timestamp with time zone,
    activity_id bigint,
    threshold numeric,
    threshold_source text
);

create type badges_internal.late_activity as (
    peer_mentor_id uuid,
    org_id text,
    occurred_at timestamp with time zone,
    activity_id bigint,
    activity_date date,
    activity_type text,
    quantity numeric,
    attributes jsonb,
    stats text[],
    buckets text[]
);

create type badges_internal.late_day as (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    activity_date date,
    activity_count bigint
);

create type badges_internal.late_person as (
    peer_mentor_id uuid,
    org_id text,
    occurred_at timestamp with time zone
);

create type badges_internal.late_row as (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    last_date date,
    run_end date,
    runs integer[],
    dates date[],
    counts bigint[],
    new_runs integer[],
    longest_runs integer[],
    place tid
);

create type badges_internal.left_crossings as (
    alone badges_internal.dated_award[],
    candidates badges_internal.candidate[]
);

create type badges_internal.new_activity as (
    peer_mentor_id uuid,
    org_id text,
    activity_type text,
    activity_date date,
    occurred_at timestamp with time zone,
    quantity numeric,
    attributes jsonb,
    activity_id bigint
);

create type badges_internal.person_row as enum (
    'organization',
    'event',
    'person',
    'merge',
    'archive'
);

create type badges_internal.queued_event as (
    peer_mentor_id uuid,
    event_id bigint,
    due_at timestamp with time zone,
    row_id tid
);

create type badges_internal.sequence_slice as (
    since timestamp with time zone,
    before timestamp with time zone,
    chosen_count bigint,
    qualified_count numeric
);

create type badges_internal.source_row as (
    source_key text,
    peer_mentor_id uuid,
    org_id text,
    activity_type text,
    occurred_at timestamp with time zone,
    activity_date date,
    quantity numeric,
    attributes jsonb,
    external_id text,
    problem text
);

create type badges_internal.stat_key as (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text
);

create type badges_internal.stat_route as (
    stat text,
    predicate jsonpath,
    needs_quantity boolean,
    value_field text,
    per_field text,
    window_unit text,
    element_field text,
    element_unit text,
    element_measure text,
    element_value_field text,
    element_at_least numeric,
    has_days boolean,
    needs_calendar boolean,
    clock_zone text,
    rolling_days integer,
    grace integer,
    sequence text,
    qualify jsonpath,
    qualify_needs_quantity boolean,
    sequence_size integer,
    cap_unit text,
    cap_at numeric,
    unit_calendar jsonb,
    excuse jsonpath,
    excuse_needs_quantity boolean,
    excuse_types text[]
);

create type badges_internal.stat_thresholds as (
    activity_count numeric[],
    value_sum numeric[],
    value_max numeric[],
    active_days numeric[],
    distinct_count numeric[],
    day_run numeric[],
    week_run numeric[],
    month_run numeric[]
);

create type badges_internal.stat_values as (
    activity_count bigint,
    value_sum numeric,
    value_max numeric,
    active_days integer,
    distinct_count integer,
    day_run integer,
    week_run integer,
    month_run integer
);

create type badges_internal.verified_choice as (
    peer_mentor_id uuid,
    number integer,
    is_dated boolean,
    element_measure text,
    element_target numeric,
    rolling_days integer,
    window_date date,
    per_value text,
    occurred_at timestamp with time zone,
    activity_date date,
    value numeric,
    element text,
    element_amount numeric
);

create type badges_internal.verified_crossing as (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    condition_node integer,
    changed_at timestamp with time zone,
    change integer
);

create type badges_internal.verified_part as (
    peer_mentor_id uuid,
    number integer,
    window_date date,
    per_value text,
    activity_count bigint,
    value_sum numeric,
    value_max numeric,
    has_negative boolean,
    active_days bigint,
    day_run bigint,
    week_run bigint,
    month_run bigint,
    longest_day_run bigint,
    longest_week_run bigint,
    longest_month_run bigint,
    run_end date,
    first_at timestamp with time zone,
    last_at timestamp with time zone,
    last_date date
);

create type badges_internal.verified_scope as (
    first_person uuid,
    last_person uuid,
    sample double precision,
    stats badges_internal.verified_stat[],
    routes badges_internal.verified_stat[]
);

create type badges_internal.verified_stat as (
    number integer,
    org_id text,
    stat text,
    activity_type text,
    measures text[],
    is_dated boolean,
    since_version integer,
    test_field text,
    test_operator text,
    test_operands jsonb,
    other_tests jsonb,
    chosen_when jsonb,
    time_zone text,
    value_field text,
    per_field text,
    window_unit text,
    rolling_days integer,
    element_field text,
    element_unit text,
    element_measure text,
    element_value_field text,
    element_at_least numeric,
    element_target numeric,
    grace integer,
    week_shift integer,
    existing_days jsonb,
    excused_by jsonb,
    sequence text,
    sequence_size integer,
    qualify_tests jsonb,
    cap_unit text,
    cap_at numeric
);

-- Tables

create table badges.activities (
    activity_id bigint not null generated by default as identity,
    org_id text collate "C" not null,
    peer_mentor_id uuid not null,
    activity_type text collate "C" not null,
    occurred_at timestamp with time zone not null,
    activity_date date not null,
    quantity numeric not null default 0,
    attributes jsonb not null default '{}'::jsonb,
    idempotency_key text
);

create table badges.award_events (
    event_id bigint not null generated always as identity,
    peer_mentor_id uuid not null,
    org_id text collate "C" not null,
    badge_definition_id text collate "C" not null,
    tier text collate "C" not null,
    occurrence integer not null,
    event_type text not null,
    source text not null,
    is_delivered_by_default boolean not null,
    transaction_id xid8 not null,
    created_at timestamp with time zone not null,
    details jsonb not null default '{}'::jsonb
);

create table badges.badge_definitions (
    badge_definition_id text collate "C" not null,
    rule_set text collate "C",
    name text not null,
    description text not null default ''::text,
    translations jsonb not null default '{}'::jsonb,
    icon text,
    category text,
    is_hidden boolean not null default false,
    is_active boolean not null default true,
    on_unmet text not null default 'keep'::text,
    criteria_type badges.criteria_type not null,
    criteria jsonb not null,
    criteria_version integer not null default 1,
    place_limit integer
);

create table badges.badge_denials (
    peer_mentor_id uuid not null,
    badge_definition_id text collate "C" not null,
    org_id text collate "C" not null,
    tier text collate "C" not null default ''::text,
    reason text not null,
    denied_at timestamp with time zone not null,
    denied_by text not null
);

create table badges.earned_badges (
    peer_mentor_id uuid not null,
    badge_definition_id text collate "C" not null,
    org_id text collate "C" not null,
    tier text collate "C" not null default ''::text,
    occurrence integer not null default 1,
    earned_at timestamp with time zone not null,
    granted_at timestamp with time zone not null,
    activity_id bigint,
    threshold numeric,
    threshold_source text,
    rule_set text collate "C",
    rule_set_version integer,
    idempotency_key text not null,
    source text not null,
    revoked_at timestamp with time zone,
    revoked_by text,
    revoke_reason text,
    seen_at timestamp with time zone
) with (fillfactor=90);

create table badges.external_ids (
    peer_mentor_id uuid not null,
    namespace text collate "C" not null,
    external_id text collate "C" not null
);

create table badges.org_badge_configs (
    org_id text collate "C" not null,
    badge_definition_id text collate "C" not null,
    is_enabled boolean not null default true,
    custom_thresholds jsonb
);

create table badges.organizations (
    org_id text collate "C" not null,
    name text not null,
    time_zone text not null default 'UTC'::text,
    rule_set text collate "C",
    rule_set_version integer not null default 0,
    is_active boolean not null default true,
    previous_time_zone text,
    day_starts time without time zone not null default '00:00:00'::time without time zone,
    week_starts text not null default 'monday'::text,
    closed_days text[] not null default '{}'::text[],
    previous_day_starts time without time zone,
    previous_activity_id bigint,
    evaluated_version integer not null default 0
);

create table badges.peer_mentor_stats (
    peer_mentor_id uuid not null,
    org_id text collate "C" not null,
    stat text collate "C" not null,
    bucket text collate "C" not null default ''::text,
    rule_set_version integer,
    activity_count bigint not null default 0,
    value_sum numeric not null default 0,
    value_max numeric,
    has_negative boolean not null default false,
    active_days integer,
    distinct_count integer,
    day_run integer,
    week_run integer,
    month_run integer,
    longest_day_run integer,
    longest_week_run integer,
    longest_month_run integer,
    run_end date,
    first_at timestamp with time zone,
    last_at timestamp with time zone,
    last_date date,
    next_count bigint,
    next_sum numeric,
    next_max numeric,
    next_active_days integer,
    next_distinct integer,
    next_day_run integer,
    next_week_run integer,
    next_month_run integer,
    counted_in xid8,
    counted_upto bigint,
    value_last numeric,
    lately bit varying
) with (fillfactor=90);

create table badges.rule_sets (
    rule_set text collate "C" not null,
    version integer not null,
    document jsonb not null,
    checksum text not null,
    applied_at timestamp with time zone not null,
    applied_by text not null,
    origin text not null default 'apply'::text
);

create table badges_internal._yoyo_log (
    id character varying(36) not null,
    migration_hash character varying(64),
    migration_id character varying(255),
    operation character varying(10),
    username character varying(255),
    hostname character varying(255),
    comment character varying(255),
    created_at_utc timestamp without time zone
);

create table badges_internal._yoyo_migration (
    migration_hash character varying(64) not null,
    migration_id character varying(255),
    applied_at_utc timestamp without time zone
);

create table badges_internal._yoyo_version (
    version integer not null,
    installed_at_utc timestamp without time zone
);

create table badges_internal.activity_routes (
    org_id text collate "C" not null,
    activity_type text collate "C" not null,
    rule_set_version integer not null,
    routes badges_internal.stat_route[] not null,
    plain_stats text[] not null,
    checked_routes badges_internal.stat_route[] not null,
    has_raw boolean not null,
    has_tenure boolean not null default false,
    has_rolling boolean not null default false,
    week_origin date not null default '1900-01-01'::date,
    lapse_role text,
    late_is_simple boolean not null default false
);

create table badges_internal.alerts (
    alert text collate "C" not null,
    subject text collate "C" not null,
    raised_at timestamp with time zone not null,
    cleared_at timestamp with time zone
);

create table badges_internal.badge_places (
    org_id text collate "C" not null,
    badge_definition_id text collate "C" not null,
    tier text collate "C" not null,
    places integer not null,
    claimed integer not null default 0
);

create table badges_internal.condition_groups (
    org_id text collate "C" not null,
    badge_definition_id text collate "C" not null,
    node integer not null,
    parent integer,
    depth integer not null,
    kind text not null,
    required integer not null,
    path text not null
);

create table badges_internal.delivery_attempts (
    peer_mentor_id uuid not null,
    consumer text collate "C" not null,
    event_id bigint not null,
    attempt integer not null,
    attempted_at timestamp with time zone not null,
    outcome text not null,
    status integer,
    error text,
    milliseconds integer
);

create table badges_internal.due_people (
    peer_mentor_id uuid not null,
    org_id text collate "C" not null,
    next_due_at timestamp with time zone,
    seen_until timestamp with time zone,
    lapses_at timestamp with time zone,
    reachable_on date
);

create table badges_internal.erasure_receipts (
    receipt_id bigint not null generated always as identity,
    org_id text collate "C",
    erased_at timestamp with time zone not null,
    erased_by text not null,
    removed jsonb not null
);

create table badges_internal.event_consumers (
    consumer text collate "C" not null,
    event_types text[],
    org_ids text[],
    badge_definition_ids text[],
    with_silent boolean not null,
    events_since timestamp with time zone not null,
    taken_upto pg_snapshot not null,
    system_identifier bigint not null,
    last_event_id bigint not null,
    created_at timestamp with time zone not null,
    disabled_at timestamp with time zone,
    disabled_reason text
) with (fillfactor=50);

create table badges_internal.event_progress (
    consumer text collate "C" not null,
    last_done_at timestamp with time zone
) with (fillfactor=50);

create table badges_internal.event_queue (
    peer_mentor_id uuid not null,
    consumer text collate "C" not null,
    event_id bigint not null,
    attempts integer not null default 0,
    due_at timestamp with time zone not null,
    is_parked boolean not null default false,
    leased_until timestamp with time zone,
    dead_at timestamp with time zone,
    last_status integer,
    last_error text
) with (fillfactor=80, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=2000);

create table badges_internal.loaded_files (
    path text collate "C" not null,
    sha256 text not null,
    loaded_at timestamp with time zone not null
);

create table badges_internal.loaded_objects (
    kind text collate "C" not null,
    identity text collate "C" not null,
    fingerprint text not null
);

create table badges_internal.loaded_rights (
    grantee text collate "C" not null,
    privilege text not null,
    object text not null
);

create table badges_internal.measured_ahead (
    peer_mentor_id uuid not null,
    org_id text collate "C" not null,
    stat text collate "C" not null,
    bucket text collate "C" not null,
    rule_set_version integer not null,
    base_row xid not null,
    activity_count bigint not null,
    value_sum numeric,
    value_max numeric,
    has_negative boolean,
    first_at timestamp with time zone,
    last_at timestamp with time zone,
    place bigint,
    reached_at timestamp with time zone,
    reached_id bigint
);

create table badges_internal.merged_people (
    peer_mentor_id uuid not null,
    org_id text collate "C" not null,
    into_peer_mentor_id uuid not null,
    merged_at timestamp with time zone not null
);

create table badges_internal.migration_files (
    migration_id text collate "C" not null,
    sha256 text not null,
    applied_at timestamp with time zone not null
);

create table badges_internal.milestones (
    org_id text collate "C" not null,
    badge_definition_id text collate "C" not null,
    tier text collate "C" not null default ''::text,
    occurrence integer not null default 1,
    node integer not null default 0,
    parent integer,
    stat text collate "C",
    measure text not null,
    threshold numeric not null,
    threshold_source text not null default 'default'::text,
    badge_ids text[],
    badge_category text,
    expression text,
    path text not null,
    structure text,
    since_version integer not null,
    duration interval,
    lapse_measure text,
    last_days integer,
    is_alone boolean not null default false,
    is_counted boolean not null default true,
    next_threshold numeric,
    rule_set text collate "C",
    rule_set_version integer
) with (fillfactor=45);

create table badges_internal.place_claims (
    peer_mentor_id uuid not null,
    org_id text collate "C" not null,
    badge_definition_id text collate "C" not null,
    tier text collate "C" not null,
    earned_at timestamp with time zone not null
);

create table badges_internal.removed_awards (
    peer_mentor_id uuid not null,
    badge_definition_id text collate "C" not null,
    org_id text collate "C" not null,
    tier text collate "C" not null,
    occurrence integer not null,
    earned_at timestamp with time zone not null,
    granted_at timestamp with time zone not null,
    activity_id bigint,
    threshold numeric,
    threshold_source text,
    rule_set text collate "C",
    rule_set_version integer,
    idempotency_key text not null,
    source text not null,
    revoked_at timestamp with time zone,
    revoked_by text,
    revoke_reason text,
    kept_earned_at timestamp with time zone not null,
    removed_at timestamp with time zone not null,
    reason text not null,
    removal_id bigint not null generated always as identity
);

create table badges_internal.rule_gate (

);

create table badges_internal.settings (
    setting text collate "C" not null,
    setting_value jsonb not null
);

create table badges_internal.source_rows_set_aside (
    peer_mentor_id uuid not null,
    org_id text collate "C" not null,
    source text collate "C" not null,
    source_key text collate "C" not null,
    set_aside_id bigint not null generated always as identity,
    reason text not null,
    set_aside_at timestamp with time zone not null,
    tried_at timestamp with time zone
);

create table badges_internal.sources (
    source text collate "C" not null,
    definition jsonb not null,
    made text not null,
    attached_at timestamp with time zone not null,
    attached_by text not null,
    brought_in_count bigint not null default 0,
    reading jsonb
);

create table badges_internal.stat_changes (
    org_id text collate "C" not null,
    stat text collate "C" not null,
    first_version integer not null,
    version integer not null
);

create table badges_internal.stat_definitions (
    org_id text collate "C" not null,
    stat text collate "C" not null,
    selector jsonb not null,
    activity_types text[],
    route badges_internal.stat_route,
    watched text[] not null,
    since_version integer not null,
    thresholds badges_internal.stat_thresholds
);

create table badges_internal.stat_elements (
    peer_mentor_id uuid not null,
    org_id text collate "C" not null,
    stat text collate "C" not null,
    bucket text collate "C" not null,
    element text collate "C" not null,
    tally numeric,
    is_counted boolean not null
) with (fillfactor=90);

create table badges_internal.verifications (
    verification_id bigint not null generated always as identity,
    verified_at timestamp with time zone not null,
    differences bigint not null,
    people_waiting bigint not null,
    milliseconds bigint not null,
    scope text not null
);

create table badges_internal.yoyo_lock (
    locked integer not null default 1,
    ctime timestamp without time zone,
    pid integer not null
);

-- Constraints

alter table badges.activities add constraint activities_idempotency_key_is_unique UNIQUE (peer_mentor_id, org_id, idempotency_key);
alter table badges.activities add constraint activities_pkey PRIMARY KEY (peer_mentor_id, activity_id);
alter table badges.activities add constraint activity_date_is_within_a_day_of_the_utc_date CHECK (((activity_date >= (((occurred_at AT TIME ZONE 'UTC'::text))::date - 1)) AND (activity_date <= (((occurred_at AT TIME ZONE 'UTC'::text))::date + 1))));
alter table badges.activities add constraint activity_type_has_1_to_100_characters CHECK (((length(activity_type) >= 1) AND (length(activity_type) <= 100)));
alter table badges.activities add constraint attributes_is_a_json_object CHECK ((jsonb_typeof(attributes) = 'object'::text));
alter table badges.activities add constraint idempotency_key_has_at_most_2000_bytes CHECK ((octet_length(idempotency_key) <= 2000)) NOT VALID;
alter table badges.activities add constraint occurred_at_is_within_1900_and_2200 CHECK (((occurred_at >= '1900-01-03 00:00:00+00'::timestamp with time zone) AND (occurred_at < '2200-01-01 00:00:00+00'::timestamp with time zone)));
alter table badges.activities add constraint quantity_is_finite_and_at_most_1e30 CHECK (((quantity >= '-1000000000000000000000000000000'::numeric) AND (quantity <= '1000000000000000000000000000000'::numeric)));
alter table badges.award_events add constraint award_events_pkey PRIMARY KEY (peer_mentor_id, event_id);
alter table badges.award_events add constraint event_type_is_known CHECK ((event_type = ANY (ARRAY['awarded'::text, 'revoked'::text, 'restored'::text, 'lapsed'::text, 'redated'::text, 'conflict'::text, 'alert'::text]))) NOT VALID;
alter table badges.badge_definitions add constraint badge_definition_id_is_a_slug CHECK ((badge_definition_id ~ '^[a-z0-9][a-z0-9._-]{0,62}$'::text));
alter table badges.badge_definitions add constraint badge_definitions_pkey PRIMARY KEY (badge_definition_id);
alter table badges.badge_definitions add constraint criteria_type_is_that_of_the_criteria CHECK (((criteria ->> 'type'::text) = (criteria_type)::text));
alter table badges.badge_definitions add constraint on_unmet_is_known CHECK ((on_unmet = ANY (ARRAY['keep'::text, 'revoke'::text, 'lapse'::text]))) NOT VALID;
alter table badges.badge_denials add constraint badge_denials_pkey PRIMARY KEY (peer_mentor_id, badge_definition_id, org_id, tier);
alter table badges.earned_badges add constraint earned_badges_are_awarded_once PRIMARY KEY (peer_mentor_id, badge_definition_id, org_id, tier, occurrence);
alter table badges.earned_badges add constraint occurrence_is_positive CHECK ((occurrence > 0));
alter table badges.earned_badges add constraint revoked_by_and_revoked_at_come_together CHECK (((revoked_at IS NULL) = (revoked_by IS NULL)));
alter table badges.earned_badges add constraint revoked_by_hand_is_not_before_granted_at CHECK (((revoked_at >= granted_at) OR (revoked_by <> 'person'::text))) NOT VALID;
alter table badges.earned_badges add constraint revoked_by_is_known CHECK ((revoked_by = ANY (ARRAY['rule'::text, 'time'::text, 'person'::text]))) NOT VALID;
alter table badges.earned_badges add constraint source_is_known CHECK ((source = ANY (ARRAY['rule'::text, 'backfill'::text, 'sweep'::text, 'manual'::text, 'import'::text])));
alter table badges.external_ids add constraint external_id_has_1_to_200_characters CHECK (((length(external_id) >= 1) AND (length(external_id) <= 200)));
alter table badges.external_ids add constraint external_ids_pkey PRIMARY KEY (peer_mentor_id, namespace, external_id);
alter table badges.external_ids add constraint namespace_has_1_to_100_characters CHECK (((length(namespace) >= 1) AND (length(namespace) <= 100)));
alter table badges.org_badge_configs add constraint org_badge_configs_badge_definition_id_fkey FOREIGN KEY (badge_definition_id) REFERENCES badges.badge_definitions(badge_definition_id);
alter table badges.org_badge_configs add constraint org_badge_configs_org_id_fkey FOREIGN KEY (org_id) REFERENCES badges.organizations(org_id);
alter table badges.org_badge_configs add constraint org_badge_configs_pkey PRIMARY KEY (org_id, badge_definition_id);
alter table badges.organizations add constraint day_starts_by_noon CHECK ((day_starts <= '12:00:00'::time without time zone)) NOT VALID;
alter table badges.organizations add constraint org_id_is_a_slug CHECK ((org_id ~ '^[a-z0-9][a-z0-9._-]{0,62}$'::text));
alter table badges.organizations add constraint organizations_pkey PRIMARY KEY (org_id);
alter table badges.organizations add constraint week_starts_is_known CHECK ((week_starts = ANY (ARRAY['monday'::text, 'saturday'::text, 'sunday'::text]))) NOT VALID;
alter table badges.peer_mentor_stats add constraint peer_mentor_stats_pkey PRIMARY KEY (peer_mentor_id, org_id, stat, bucket);
alter table badges.rule_sets add constraint rule_set_is_a_slug CHECK ((rule_set ~ '^[a-z0-9][a-z0-9._-]{0,62}$'::text));
alter table badges.rule_sets add constraint rule_sets_pkey PRIMARY KEY (rule_set, version);
alter table badges.rule_sets add constraint version_is_positive CHECK ((version > 0));
alter table badges_internal._yoyo_log add constraint _yoyo_log_pkey PRIMARY KEY (id);
alter table badges_internal._yoyo_migration add constraint _yoyo_migration_pkey PRIMARY KEY (migration_hash);
alter table badges_internal._yoyo_version add constraint _yoyo_version_pkey PRIMARY KEY (version);
alter table badges_internal.activity_routes add constraint activity_routes_org_id_fkey FOREIGN KEY (org_id) REFERENCES badges.organizations(org_id);
alter table badges_internal.activity_routes add constraint activity_routes_pkey PRIMARY KEY (org_id, activity_type);
alter table badges_internal.alerts add constraint alerts_pkey PRIMARY KEY (alert, subject);
alter table badges_internal.badge_places add constraint badge_places_badge_definition_id_fkey FOREIGN KEY (badge_definition_id) REFERENCES badges.badge_definitions(badge_definition_id);
alter table badges_internal.badge_places add constraint badge_places_org_id_fkey FOREIGN KEY (org_id) REFERENCES badges.organizations(org_id);
alter table badges_internal.badge_places add constraint badge_places_pkey PRIMARY KEY (org_id, badge_definition_id, tier);
alter table badges_internal.badge_places add constraint claimed_is_not_negative CHECK ((claimed >= 0));
alter table badges_internal.badge_places add constraint places_are_positive CHECK ((places > 0));
alter table badges_internal.condition_groups add constraint condition_groups_badge_definition_id_fkey FOREIGN KEY (badge_definition_id) REFERENCES badges.badge_definitions(badge_definition_id);
alter table badges_internal.condition_groups add constraint condition_groups_org_id_fkey FOREIGN KEY (org_id) REFERENCES badges.organizations(org_id);
alter table badges_internal.condition_groups add constraint condition_groups_pkey PRIMARY KEY (org_id, badge_definition_id, node);
alter table badges_internal.delivery_attempts add constraint delivery_attempts_pkey PRIMARY KEY (peer_mentor_id, consumer, event_id, attempted_at);
alter table badges_internal.delivery_attempts add constraint outcome_is_known CHECK ((outcome = ANY (ARRAY['done'::text, 'retry'::text, 'dead'::text])));
alter table badges_internal.due_people add constraint due_people_pkey PRIMARY KEY (peer_mentor_id, org_id);
alter table badges_internal.erasure_receipts add constraint erasure_receipts_pkey PRIMARY KEY (receipt_id);
alter table badges_internal.event_consumers add constraint disabled_at_and_disabled_reason_come_together CHECK (((disabled_at IS NULL) = (disabled_reason IS NULL)));
alter table badges_internal.event_consumers add constraint event_consumers_pkey PRIMARY KEY (consumer);
alter table badges_internal.event_progress add constraint event_progress_pkey PRIMARY KEY (consumer);
alter table badges_internal.event_queue add constraint event_queue_pkey PRIMARY KEY (peer_mentor_id, consumer, event_id);
alter table badges_internal.event_queue add constraint what_is_dead_is_never_due CHECK (((dead_at IS NULL) = (due_at < 'infinity'::timestamp with time zone)));
alter table badges_internal.loaded_files add constraint loaded_files_pkey PRIMARY KEY (path);
alter table badges_internal.loaded_objects add constraint loaded_objects_pkey PRIMARY KEY (kind, identity);
alter table badges_internal.loaded_rights add constraint loaded_rights_pkey PRIMARY KEY (grantee, privilege, object);
alter table badges_internal.measured_ahead add constraint measured_ahead_pkey PRIMARY KEY (peer_mentor_id, org_id, stat, bucket);
alter table badges_internal.merged_people add constraint merged_people_pkey PRIMARY KEY (peer_mentor_id, org_id);
alter table badges_internal.merged_people add constraint nobody_is_merged_into_themselves CHECK ((peer_mentor_id <> into_peer_mentor_id));
alter table badges_internal.migration_files add constraint migration_files_pkey PRIMARY KEY (migration_id);
alter table badges_internal.milestones add constraint measure_is_known CHECK ((measure = ANY (ARRAY['count'::text, 'sum'::text, 'max'::text, 'active_days'::text, 'distinct'::text, 'day_run'::text, 'week_run'::text, 'month_run'::text, 'tenure'::text, 'badges'::text, 'raw'::text, 'lapse'::text]))) NOT VALID;
alter table badges_internal.milestones add constraint milestones_badge_definition_id_fkey FOREIGN KEY (badge_definition_id) REFERENCES badges.badge_definitions(badge_definition_id);
alter table badges_internal.milestones add constraint milestones_org_id_fkey FOREIGN KEY (org_id) REFERENCES badges.organizations(org_id);
alter table badges_internal.milestones add constraint milestones_pkey PRIMARY KEY (org_id, badge_definition_id, tier, occurrence, node);
alter table badges_internal.milestones add constraint threshold_source_is_known CHECK ((threshold_source = ANY (ARRAY['default'::text, 'organization'::text])));
alter table badges_internal.place_claims add constraint place_claims_pkey PRIMARY KEY (peer_mentor_id, org_id, badge_definition_id, tier);
alter table badges_internal.removed_awards add constraint removed_awards_pkey PRIMARY KEY (peer_mentor_id, badge_definition_id, org_id, tier, occurrence, removal_id);
alter table badges_internal.settings add constraint settings_pkey PRIMARY KEY (setting);
alter table badges_internal.source_rows_set_aside add constraint source_rows_set_aside_pkey PRIMARY KEY (peer_mentor_id, org_id, source, source_key, set_aside_id);
alter table badges_internal.sources add constraint source_is_a_slug CHECK ((source ~ '^[a-z0-9][a-z0-9._-]{0,39}$'::text));
alter table badges_internal.sources add constraint sources_pkey PRIMARY KEY (source);
alter table badges_internal.stat_changes add constraint stat_changes_pkey PRIMARY KEY (org_id, stat);
alter table badges_internal.stat_definitions add constraint stat_definitions_org_id_fkey FOREIGN KEY (org_id) REFERENCES badges.organizations(org_id);
alter table badges_internal.stat_definitions add constraint stat_definitions_pkey PRIMARY KEY (org_id, stat);
alter table badges_internal.stat_elements add constraint stat_elements_pkey PRIMARY KEY (peer_mentor_id, org_id, stat, bucket, element);
alter table badges_internal.verifications add constraint verifications_pkey PRIMARY KEY (verification_id);
alter table badges_internal.yoyo_lock add constraint yoyo_lock_pkey PRIMARY KEY (locked);

-- Indexes

CREATE INDEX activities_by_mentor_day_type ON badges.activities USING btree (peer_mentor_id, activity_date, activity_type);
CREATE INDEX award_events_by_transaction ON badges.award_events USING btree (transaction_id);
CREATE INDEX delivery_attempts_by_moment ON badges_internal.delivery_attempts USING btree (attempted_at);
CREATE INDEX due_people_by_moment ON badges_internal.due_people USING btree (next_due_at);
CREATE INDEX earned_badges_taken_by_rules ON badges.earned_badges USING btree (org_id, badge_definition_id) WHERE (revoked_by = 'rule'::text);
CREATE INDEX earned_badges_taken_by_time ON badges.earned_badges USING btree (org_id, badge_definition_id) WHERE (revoked_by = 'time'::text);
CREATE INDEX event_queue_by_event ON badges_internal.event_queue USING btree (consumer, event_id);
CREATE INDEX event_queue_by_turn ON badges_internal.event_queue USING btree (consumer, due_at, event_id);
CREATE INDEX excusing_stats ON badges_internal.stat_definitions USING btree (org_id) WHERE ((route).excuse_types IS NOT NULL);
CREATE INDEX merged_people_by_into ON badges_internal.merged_people USING btree (into_peer_mentor_id);
CREATE INDEX milestones_by_stat_measure_threshold ON badges_internal.milestones USING btree (org_id, stat, measure, threshold);
CREATE INDEX milestones_without_crossing ON badges_internal.milestones USING btree (org_id, measure) WHERE (measure = ANY (ARRAY['tenure'::text, 'badges'::text, 'raw'::text, 'lapse'::text]));
CREATE INDEX none_of_groups ON badges_internal.condition_groups USING btree (org_id, badge_definition_id) WHERE (kind = 'none_of'::text);
CREATE INDEX peer_mentor_stats_base_rows ON badges.peer_mentor_stats USING btree (org_id, rule_set_version, peer_mentor_id) WHERE (rule_set_version IS NOT NULL);
CREATE INDEX peer_mentor_stats_fallen ON badges.peer_mentor_stats USING btree (peer_mentor_id, org_id) WHERE has_negative;
CREATE INDEX source_rows_set_aside_by_source ON badges_internal.source_rows_set_aside USING btree (source, set_aside_id);

-- Views

create view badges.mentor_activity_totals with (security_invoker=true) as
 SELECT peer_mentor_id,
    org_id,
    NULLIF(substr(stat, 2), ''::text) AS activity_type,
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
   FROM peer_mentor_stats
  WHERE stat < '>'::text AND bucket = ''::text;

-- Triggers

CREATE TRIGGER count_new_activities AFTER INSERT ON badges.activities REFERENCING NEW TABLE AS new_activities FOR EACH STATEMENT EXECUTE FUNCTION badges_internal._count_new_activities();
CREATE TRIGGER fill_activity_date BEFORE INSERT ON badges.activities FOR EACH ROW WHEN ((new.activity_date IS NULL)) EXECUTE FUNCTION badges_internal._fill_activity_date();
CREATE TRIGGER forget_all_activities AFTER TRUNCATE ON badges.activities FOR EACH STATEMENT EXECUTE FUNCTION badges_internal._forget_all_activities();
CREATE TRIGGER move_activity_date BEFORE UPDATE OF occurred_at, org_id ON badges.activities FOR EACH ROW WHEN (((new.activity_date = old.activity_date) AND ((new.occurred_at <> old.occurred_at) OR (new.org_id <> old.org_id)) AND isfinite(new.occurred_at))) EXECUTE FUNCTION badges_internal._move_activity_date();
CREATE TRIGGER recount_deleted_activities AFTER DELETE ON badges.activities REFERENCING OLD TABLE AS old_activities FOR EACH STATEMENT EXECUTE FUNCTION badges_internal._recount_deleted_activities();
CREATE TRIGGER recount_updated_activities AFTER UPDATE ON badges.activities REFERENCING OLD TABLE AS old_activities NEW TABLE AS new_activities FOR EACH STATEMENT EXECUTE FUNCTION badges_internal._recount_updated_activities();
CREATE TRIGGER refuse_large_changed_attributes BEFORE UPDATE OF attributes ON badges.activities FOR EACH ROW WHEN (((new.attributes IS DISTINCT FROM old.attributes) AND (pg_column_size((new.attributes || '{}'::jsonb)) > 262144))) EXECUTE FUNCTION badges_internal._refuse_large_attributes();
CREATE TRIGGER wake_consumers AFTER INSERT ON badges.award_events FOR EACH STATEMENT EXECUTE FUNCTION badges_internal._wake_consumers();
CREATE TRIGGER check_badge_definition BEFORE INSERT OR UPDATE OF criteria, criteria_type ON badges.badge_definitions FOR EACH ROW EXECUTE FUNCTION badges_internal._check_badge_definition();
CREATE TRIGGER check_org_badge_config BEFORE INSERT OR UPDATE OF custom_thresholds, badge_definition_id ON badges.org_badge_configs FOR EACH ROW WHEN ((new.custom_thresholds IS NOT NULL)) EXECUTE FUNCTION badges_internal._check_org_badge_config();

-- Routines

function badges.adopt_awards(p_peer_mentor_ids uuid[], p_badge_definition_ids text[], p_org_ids text[], p_earned_at timestamp with time zone[], p_tiers text[] DEFAULT NULL, p_occurrences integer[] DEFAULT NULL) returns jsonb volatile security definer;
function badges.allow_badge(p_peer_mentor_id uuid, p_badge_definition_id text, p_org_id text, p_reason text, p_tier text DEFAULT NULL) returns jsonb volatile security definer;
function badges.apply_badge_rules(p_candidates badges_internal.candidate[], p_source text DEFAULT 'rule') returns bigint volatile;
function badges.apply_rule_set(p_document jsonb, p_allow_empty boolean DEFAULT false, p_allow_revoke boolean DEFAULT false, p_expected_version integer DEFAULT NULL) returns jsonb volatile security definer;
function badges.attach_source(p_source text, p_definition jsonb) returns jsonb volatile security definer;
function badges.award_badge(p_peer_mentor_id uuid, p_badge_definition_id text, p_org_id text, p_reason text, p_tier text DEFAULT NULL) returns jsonb volatile security definer;
function badges.award_due_badges(p_as_of timestamp with time zone DEFAULT now()) returns bigint volatile security definer;
function badges.backfill_rule_set(p_rule_set text, p_batch integer DEFAULT 250, p_as_of timestamp with time zone DEFAULT now(), p_rest interval DEFAULT '00:00:00') returns jsonb volatile security definer;
function badges.bring_in_source(p_source text, p_batch integer DEFAULT 1000) returns jsonb volatile security definer;
function badges.calibrate_badge(p_badge_definition_id text, p_org_id text DEFAULT NULL, p_share numeric DEFAULT NULL, p_part text DEFAULT NULL, p_as_of date DEFAULT NULL, p_then date DEFAULT NULL, p_document jsonb DEFAULT NULL, p_language text DEFAULT NULL) returns jsonb volatile security definer;
function badges.check_alerts(p_keep_attempts interval DEFAULT '30 days') returns integer volatile security definer;
function badges.claim_events(p_consumer text, p_limit integer DEFAULT 100, p_lease interval DEFAULT '00:01:00') returns TABLE(event_id bigint, peer_mentor_id uuid, org_id text, badge_definition_id text, tier text, occurrence integer, event_type text, source text, name text, created_at timestamp with time zone, details jsonb, attempt integer, leased_until timestamp with time zone) volatile security definer;
function badges.clear_alert(p_alert text, p_subject text) returns boolean volatile security definer;
function badges.configure_badge(p_badge_definition_id text, p_org_id text, p_is_enabled boolean, p_custom_thresholds jsonb, p_allow_revoke boolean DEFAULT false) returns jsonb volatile security definer;
function badges.count_awards(p_org_id text DEFAULT NULL, p_language text DEFAULT NULL) returns TABLE(org_id text, badge_definition_id text, tier text, name text, awards bigint, people bigint) stable security definer;
function badges.deny_badge(p_peer_mentor_id uuid, p_badge_definition_id text, p_org_id text, p_reason text, p_tier text DEFAULT NULL) returns jsonb volatile security definer;
function badges.derive_idempotency_key(p_peer_mentor_id uuid, p_badge_definition_id text, p_org_id text, p_tier text DEFAULT '', p_occurrence integer DEFAULT 1) returns text stable;
function badges.detach_source(p_source text, p_remove boolean) returns jsonb volatile security definer;
function badges.diff_rule_sets(p_old jsonb, p_new jsonb) returns jsonb stable security definer;
function badges.disable_consumer(p_consumer text, p_reason text) returns boolean volatile security definer;
function badges.enable_consumer(p_consumer text) returns boolean volatile security definer;
function badges.erase_peer_mentor(p_peer_mentor_id uuid, p_org_id text DEFAULT NULL) returns jsonb volatile security definer;
function badges.evaluate_badges(p_peer_mentor_id uuid, p_org_id text) returns TABLE(peer_mentor_id uuid, org_id text, badge_definition_id text, tier text, occurrence integer, earned_at timestamp with time zone, name text) volatile security definer;
function badges.explain_badge(p_peer_mentor_id uuid, p_badge_definition_id text, p_org_id text, p_as_of date DEFAULT NULL, p_language text DEFAULT NULL) returns jsonb volatile security definer;
function badges.explain_my_badge(p_badge_definition_id text, p_org_id text DEFAULT NULL, p_as_of date DEFAULT NULL, p_language text DEFAULT NULL) returns jsonb volatile security definer;
function badges.export_person(p_peer_mentor_id uuid, p_org_id text DEFAULT NULL) returns json stable security definer;
function badges.find_mentor(p_namespace text, p_external_id text) returns uuid stable security definer;
function badges.get_badge_progress(p_peer_mentor_id uuid, p_org_id text, p_as_of date DEFAULT NULL, p_language text DEFAULT NULL) returns TABLE(badge_definition_id text, tier text, occurrence integer, name text, current numeric, target numeric, fraction numeric, earned_at timestamp with time zone, expires_at timestamp with time zone) volatile security definer;
function badges.get_rule_set(p_rule_set text, p_version integer DEFAULT NULL) returns jsonb stable;
function badges.list_badges(p_org_id text DEFAULT NULL, p_near numeric DEFAULT 0.8, p_language text DEFAULT NULL) returns TABLE(org_id text, badge_definition_id text, tier text, name text, is_enabled boolean, people bigint, awards bigint, near bigint) volatile security definer;
function badges.list_consumers() returns TABLE(consumer text, pending bigint, leased bigint, dead bigint, oldest_pending_at timestamp with time zone, last_done_at timestamp with time zone, disabled_at timestamp with time zone, disabled_reason text, event_types text[], org_ids text[], badge_definition_ids text[], with_silent boolean) stable security definer;
function badges.list_dead_events(p_consumer text DEFAULT NULL) returns TABLE(consumer text, event_id bigint, peer_mentor_id uuid, org_id text, badge_definition_id text, event_type text, attempts integer, dead_at timestamp with time zone, last_status integer, last_error text) stable security definer;
function badges.list_holders(p_badge_definition_id text, p_org_id text DEFAULT NULL, p_tier text DEFAULT NULL, p_since date DEFAULT NULL, p_sort text DEFAULT 'newest', p_limit integer DEFAULT 100, p_after text DEFAULT NULL, p_language text DEFAULT NULL) returns TABLE(org_id text, peer_mentor_id uuid, namespace text, external_id text, tier text, name text, occurrence integer, earned_at timestamp with time zone, source text, cursor text) stable security definer;
function badges.list_mentors(p_org_id text DEFAULT NULL, p_badge_definition_id text DEFAULT NULL, p_tier text DEFAULT NULL, p_since date DEFAULT NULL, p_sort text DEFAULT 'activity', p_limit integer DEFAULT 100, p_after text DEFAULT NULL) returns TABLE(org_id text, peer_mentor_id uuid, namespace text, external_id text, activities bigint, last_activity_at timestamp with time zone, awards bigint, last_earned_at timestamp with time zone, cursor text) stable security definer;
function badges.list_metrics(p_with_awards boolean DEFAULT false) returns TABLE(metric text, type text, help text, labels jsonb, value double precision) stable security definer;
function badges.list_namespaces() returns TABLE(namespace text, external_ids bigint) stable security definer;
function badges.list_near_mentors(p_badge_definition_id text DEFAULT NULL, p_org_id text DEFAULT NULL, p_tier text DEFAULT NULL, p_near numeric DEFAULT 0.8, p_limit integer DEFAULT 100, p_after text DEFAULT NULL, p_language text DEFAULT NULL) returns TABLE(org_id text, peer_mentor_id uuid, namespace text, external_id text, badge_definition_id text, tier text, name text, occurrence integer, current numeric, target numeric, remaining numeric, fraction numeric, cursor text) volatile security definer;
function badges.list_progress(p_org_id text DEFAULT NULL, p_as_of date DEFAULT NULL, p_language text DEFAULT NULL, p_badge_definition_id text DEFAULT NULL) returns TABLE(org_id text, peer_mentor_id uuid, badge_definition_id text, tier text, occurrence integer, name text, stat text, measure text, current numeric, target numeric, fraction numeric, earned_at timestamp with time zone, expires_at timestamp with time zone) volatile security definer;
function badges.list_rule_sets() returns TABLE(rule_set text, version integer, checksum text, applied_at timestamp with time zone, applied_by text, origin text, is_current boolean) stable;
function badges.list_set_aside(p_source text, p_limit integer DEFAULT 100) returns TABLE(source_key text, peer_mentor_id uuid, org_id text, reason text, set_aside_at timestamp with time zone) stable security definer;
function badges.list_sources() returns TABLE(source text, source_table text, definition jsonb, state text, brought_in bigint, set_aside bigint, problem text) stable security definer;
function badges.list_unfinished_rule_sets(p_peer_mentor_id uuid DEFAULT NULL) returns TABLE(rule_set text, version integer, people bigint, rezoned_orgs text[]) stable security definer;
function badges.mark_my_seen(p_org_id text DEFAULT NULL, p_idempotency_keys text[] DEFAULT NULL) returns integer volatile security definer;
function badges.mark_seen(p_peer_mentor_id uuid, p_org_id text, p_idempotency_keys text[] DEFAULT NULL) returns integer volatile security definer;
function badges.measure_rule_set(p_rule_set text) returns bigint volatile security definer;
function badges.mentor_id_from(p_namespace text, p_external_id text) returns uuid immutable;
function badges.merge_peer_mentors(p_from_peer_mentor_id uuid, p_into_peer_mentor_id uuid, p_org_id text DEFAULT NULL) returns jsonb volatile security definer;
function badges.my_badges(p_org_id text DEFAULT NULL, p_language text DEFAULT NULL) returns TABLE(org_id text, badge_definition_id text, tier text, occurrence integer, name text, description text, icon text, category text, earned_at timestamp with time zone, is_seen boolean, expires_at timestamp with time zone) volatile security definer;
function badges.my_progress(p_org_id text DEFAULT NULL, p_as_of date DEFAULT NULL, p_language text DEFAULT NULL) returns TABLE(org_id text, badge_definition_id text, tier text, occurrence integer, name text, current numeric, target numeric, fraction numeric, earned_at timestamp with time zone, expires_at timestamp with time zone) volatile security definer;
function badges.my_unseen_awards(p_org_id text DEFAULT NULL) returns TABLE(org_id text, badge_definition_id text, tier text, occurrence integer, name text, description text, earned_at timestamp with time zone, granted_at timestamp with time zone, idempotency_key text) stable security definer;
function badges.name_mentors(p_peer_mentor_ids uuid[]) returns TABLE(peer_mentor_id uuid, namespace text, external_id text) stable security definer;
function badges.new_badges() returns TABLE(peer_mentor_id uuid, org_id text, badge_definition_id text, tier text, occurrence integer, earned_at timestamp with time zone, name text) volatile security definer;
function badges.plan_merge(p_from_peer_mentor_id uuid, p_into_peer_mentor_id uuid, p_org_id text DEFAULT NULL) returns jsonb stable security definer;
function badges.plan_rollback(p_rule_set text, p_version integer) returns jsonb volatile security definer;
function badges.plan_rule_set(p_document jsonb, p_as_of timestamp with time zone DEFAULT now()) returns jsonb volatile security definer;
function badges.plan_source(p_source text, p_definition jsonb) returns text stable security definer;
function badges.purge_events(p_before timestamp with time zone) returns bigint volatile security definer;
function badges.raise_alert(p_alert text, p_subject text, p_details jsonb DEFAULT '{}') returns boolean volatile security definer;
function badges.rebuild_stats(p_peer_mentor_id uuid DEFAULT NULL) returns bigint volatile security definer;
function badges.record_activities(p_activities jsonb) returns jsonb volatile security definer;
function badges.record_activity(p_peer_mentor_id uuid, p_org_id text, p_activity_type text, p_occurred_at timestamp with time zone DEFAULT NULL, p_quantity numeric DEFAULT 0, p_attributes jsonb DEFAULT '{}', p_idempotency_key text DEFAULT NULL, p_activity_date date DEFAULT NULL) returns jsonb volatile security definer;
function badges.record_my_activity(p_org_id text, p_activity_type text, p_attributes jsonb DEFAULT '{}', p_idempotency_key text DEFAULT NULL) returns jsonb volatile security definer;
function badges.record_verification(p_differences bigint, p_people_waiting bigint, p_milliseconds bigint, p_scope text) returns void volatile security definer;
function badges.register_consumer(p_consumer text, p_event_types text[] DEFAULT NULL, p_org_ids text[] DEFAULT NULL, p_badge_definition_ids text[] DEFAULT NULL, p_with_silent boolean DEFAULT false, p_since timestamp with time zone DEFAULT '-infinity') returns void volatile security definer;
function badges.remember_mentors(p_namespace text, p_external_ids text[]) returns uuid[] volatile security definer;
function badges.remove_consumer(p_consumer text) returns boolean volatile security definer;
function badges.remove_source_activities(p_source text, p_batch integer DEFAULT 1000) returns integer volatile security definer;
function badges.repair_source(p_source text, p_batch integer DEFAULT 1000, p_from_start boolean DEFAULT false) returns jsonb volatile security definer;
function badges.replay_events(p_consumer text, p_event_ids bigint[] DEFAULT NULL, p_since timestamp with time zone DEFAULT NULL) returns integer volatile security definer;
function badges.revoke_badge(p_peer_mentor_id uuid, p_badge_definition_id text, p_org_id text, p_reason text, p_tier text DEFAULT NULL) returns jsonb volatile security definer;
function badges.rezone_organization(p_org_id text, p_time_zone text DEFAULT NULL, p_day_starts text DEFAULT NULL, p_week_starts text DEFAULT NULL) returns jsonb volatile security definer;
function badges.rollback_rule_set(p_rule_set text, p_version integer, p_allow_revoke boolean DEFAULT false, p_expected_version integer DEFAULT NULL) returns jsonb volatile security definer;
function badges.rule_set_horizon() returns xid8 volatile;
function badges.rule_set_is_settled(p_rule_set text, p_horizon xid8) returns boolean volatile security definer;
function badges.set_setting(p_setting text, p_value jsonb) returns void volatile;
function badges.settle_events(p_consumer text, p_event_ids bigint[], p_outcome text, p_retry_in interval DEFAULT NULL, p_status integer DEFAULT NULL, p_error text DEFAULT NULL, p_milliseconds integer DEFAULT NULL) returns integer volatile security definer;
function badges.unseen_awards(p_peer_mentor_id uuid, p_org_id text) returns TABLE(badge_definition_id text, tier text, occurrence integer, name text, description text, earned_at timestamp with time zone, granted_at timestamp with time zone, idempotency_key text) stable security definer;
function badges.validate_criteria(p_criteria jsonb) returns jsonb immutable security definer;
function badges.verify_awards(p_peer_mentor_id uuid DEFAULT NULL, p_from uuid DEFAULT NULL, p_to uuid DEFAULT NULL, p_sample double precision DEFAULT NULL) returns TABLE(peer_mentor_id uuid, org_id text, badge_definition_id text, tier text, occurrence integer, problem text, stored text, expected text) volatile security definer;
function badges.verify_source(p_source text) returns TABLE(source_key text, peer_mentor_id uuid, org_id text, difference text, detail jsonb) stable security definer;
function badges.verify_stats(p_peer_mentor_id uuid DEFAULT NULL, p_from uuid DEFAULT NULL, p_to uuid DEFAULT NULL, p_sample double precision DEFAULT NULL) returns TABLE(peer_mentor_id uuid, org_id text, stat text, bucket text, measure text, stored text, expected text) volatile security definer;
function badges_internal._acting_role() returns name stable;
function badges_internal._activity_at(p_peer_mentor_id uuid, p_org_id text, p_occurred_at timestamp with time zone) returns bigint volatile;
function badges_internal._activity_problem(p_activity jsonb) returns text stable;
function badges_internal._add_unit_runs(p_changes badges_internal.element_change[]) returns badges_internal.element_change[] volatile;
function badges_internal._administered_organizations() returns text[] stable security definer;
function badges_internal._administers(p_org_id text) returns boolean stable;
function badges_internal._advance_others(p_peer_mentor_id uuid, p_org_id text, p_stats text[], p_buckets text[], p_milestones badges_internal.milestones[]) returns void volatile;
function badges_internal._advance_thresholds(p_keys badges_internal.stat_key[], p_has_fallen boolean DEFAULT false) returns void volatile;
function badges_internal._alert_code(p_alert text) returns text immutable;
function badges_internal._alive_until(p_route badges_internal.stat_route, p_run_end date, p_excused date[]) returns date immutable;
function badges_internal._allowed_here(p_kind jsonb) returns text immutable;
function badges_internal._also_one_of(p_where jsonb, p_field text, p_values jsonb) returns jsonb immutable;
function badges_internal._answer_by_hand(p_peer_mentor_id uuid, p_badge_definition_id text, p_org_id text, p_tier text, p_occurrence integer, p_is_changed boolean) returns jsonb volatile;
function badges_internal._apply_raw_rules(p_peer_mentor_ids uuid[], p_org_ids text[], p_source text) returns bigint volatile;
function badges_internal._apply_version(p_document jsonb, p_allow_revoke boolean, p_expected_version integer, p_origin text, p_org_id text DEFAULT NULL) returns jsonb volatile;
function badges_internal._array_or_empty(p_value jsonb) returns jsonb immutable;
function badges_internal._as_counted(p_badge_definition_id text, p_badge_ids text[], p_badge_category text) returns TABLE(badge_definition_id text) stable;
function badges_internal._asked_measure(p_criteria jsonb) returns text immutable;
function badges_internal._attribute(p_attributes jsonb, p_quantity numeric, p_field text) returns jsonb immutable;
function badges_internal._award_late(p_late badges_internal.late_activity, p_awards badges_internal.dated_award[], p_candidates badges_internal.candidate[]) returns badges_internal.candidate[] volatile;
function badges_internal._award_name(p_definition badges.badge_definitions, p_tier text, p_language text DEFAULT NULL) returns text stable;
function badges_internal._award_reached(p_peer_mentor_id uuid, p_org_id text, p_stats text[], p_buckets text[], p_occurred_at timestamp with time zone, p_activity_id bigint, p_late badges_internal.late_activity) returns badges_internal.candidate[] volatile;
function badges_internal._awarded_since(p_peer_mentor_id uuid, p_org_id text, p_since timestamp with time zone, p_stats text[]) returns TABLE(badge_definition_id text, tier text, occurrence integer, node integer, parent integer, stat text, measure text, threshold numeric, threshold_source text, earned_at timestamp with time zone, is_counted boolean) stable;
function badges_internal._badge_conditions(p_peer_mentor_id uuid, p_org_id text, p_badge_definition_id text, p_as_of date) returns TABLE(badge_definition_id text, tier text, occurrence integer, node integer, parent integer, path text, stat text, measure text, target numeric, threshold_source text, since_version integer, value numeric, is_reached boolean, may_fall boolean) volatile;
function badges_internal._badge_spans(p_peer_mentor_ids uuid[], p_milestone badges_internal.milestones) returns TABLE(peer_mentor_id uuid, held_during tstzmultirange) volatile;
function badges_internal._badges_asked_anew(p_peer_mentor_ids uuid[], p_org_ids text[], p_oldest_orgs text[], p_oldest_versions integer[], p_rebuilt_stats text[]) returns badges_internal.candidate[] volatile;
function badges_internal._base_route(p_stat text) returns badges_internal.stat_route immutable;
function badges_internal._base_versions(p_peer_mentor_ids uuid[], p_org_ids text[]) returns TABLE(peer_mentor_id uuid, org_id text, rule_set_version integer, current_version integer) volatile;
function badges_internal._begin_apply() returns void volatile;
function badges_internal._begin_batch() returns void volatile;
function badges_internal._begin_fold(p_peer_mentor_ids uuid[], p_org_ids text[], p_counts bigint[], p_activity_ids bigint[]) returns badges_internal.begun_fold volatile;
function badges_internal._begin_person(p_peer_mentor_id uuid, p_org_id text, p_occurred_at timestamp with time zone, p_day date, p_quantity numeric, p_activity_id bigint, p_pending bigint[], p_version integer, OUT is_first boolean, OUT has_reached boolean) returns record volatile;
function badges_internal._begin_reading(p_source text, p_is_whole boolean) returns void volatile;
function badges_internal._begin_stats(p_peer_mentor_id uuid, p_org_id text, p_stats text[], p_own_stats text[], p_own_buckets text[], p_own_values numeric[], p_occurred_at timestamp with time zone, p_day date, p_quantity numeric, p_version integer, p_is_looked boolean, OUT row_count integer, OUT has_reached boolean) returns record volatile;
function badges_internal._beginning_version(p_peer_mentor_id uuid, p_organization badges.organizations) returns TABLE(version integer) stable;
function badges_internal._begins_run(p_peer_mentor_id uuid, p_org_id text, p_route badges_internal.stat_route, p_before integer, p_number integer) returns boolean volatile;
function badges_internal._belongs_to_part(p_route badges_internal.stat_route, p_bucket text, p_attributes jsonb, p_quantity numeric, p_day date, p_occurred_at timestamp with time zone) returns boolean immutable;
function badges_internal._best_stands(p_peer_mentor_id uuid, p_org_id text, p_types text[], p_route badges_internal.stat_route, p_bucket text, p_day date, p_occurred_at timestamp with time zone) returns boolean volatile;
function badges_internal._best_with_late(p_held badges.peer_mentor_stats, p_defined badges_internal.stat_definitions, p_qualifies integer, p_occurred_at timestamp with time zone, p_before timestamp with time zone, p_chosen_count bigint, p_qualified_count numeric, p_bits text, p_moments timestamp with time zone[], p_first integer, p_pending bigint[]) returns numeric volatile;
function badges_internal._bring_up_to_date(p_peer_mentor_ids uuid[], p_org_ids text[], p_is_counted boolean, p_oldest integer DEFAULT NULL, p_base_rows xid[] DEFAULT NULL) returns badges_internal.candidate[] volatile;
function badges_internal._bucket(p_per_field text, p_window_unit text, p_attributes jsonb, p_quantity numeric, p_day date) returns text stable;
function badges_internal._bucket_details(p_peer_mentor_id uuid, p_milestone badges_internal.milestones, p_selector jsonb, p_as_of date) returns jsonb volatile;
function badges_internal._build_counted(p_stale_people uuid[], p_stale_orgs text[], p_outdated_people uuid[], p_outdated_orgs text[], p_candidates badges_internal.candidate[]) returns badges_internal.candidate[] volatile;
function badges_internal._build_stat(p_peer_mentor_ids uuid[], p_base_rows xid[], p_org_id text, p_stat text) returns badges_internal.candidate[] volatile;
function badges_internal._build_stats(p_peer_mentor_ids uuid[], p_org_ids text[], p_base_rows xid[], p_stats text[]) returns badges_internal.candidate[] volatile;
function badges_internal._calendar(p_organization jsonb) returns jsonb immutable;
function badges_internal._calendar_unit(p_unit text, p_week_starts text) returns text immutable;
function badges_internal._calibrate_compiled(p_document jsonb, OUT milestones badges_internal.milestones[], OUT groups badges_internal.condition_groups[]) returns record stable;
function badges_internal._calibrate_conditions(p_document jsonb, p_conditions badges_internal.milestones[], p_until date, p_is_all boolean) returns TABLE(peer_mentor_id uuid, org_id text, node integer, value numeric, may_fall boolean) volatile;
function badges_internal._calibrate_curve(p_values numeric[], p_people bigint[], p_total bigint, p_share numeric, OUT points numeric[], OUT at_least numeric, OUT at_most numeric) returns record immutable;
function badges_internal._calibrate_document(p_badge_definition_id text, p_org_id text, p_document jsonb, OUT document jsonb, OUT asked jsonb) returns record stable;
function badges_internal._calibrate_falling(p_document jsonb, p_milestones badges_internal.milestones[], p_groups badges_internal.condition_groups[], p_node integer, p_people uuid[], p_until date) returns TABLE(peer_mentor_id uuid, value numeric) volatile;
function badges_internal._calibrate_groups(p_parts badges_internal.condition_state[], p_groups badges_internal.condition_groups[], p_node integer) returns badges_internal.condition_state[] volatile;
function badges_internal._calibrate_holders(p_states badges_internal.condition_state[], p_groups badges_internal.condition_groups[], p_until date) returns uuid[] volatile;
function badges_internal._calibrate_numbers(p_criteria jsonb) returns TABLE(node integer, name text, path text, key text) immutable;
function badges_internal._calibrate_organizations(p_document jsonb, p_asked jsonb, p_milestones badges_internal.milestones[], p_groups badges_internal.condition_groups[], p_node integer, p_share numeric, p_now date, p_is_all boolean, p_then date) returns jsonb volatile;
function badges_internal._calibrate_people(p_document jsonb, p_milestones badges_internal.milestones[], p_groups badges_internal.condition_groups[], p_node integer, p_until date, p_is_all boolean) returns TABLE(org_id text, value numeric, people bigint) volatile;
function badges_internal._calibrate_steps(p_document jsonb, p_milestone badges_internal.milestones, p_people uuid[], p_until date) returns badges_internal.condition_state[] volatile;
function badges_internal._calibrate_thresholds(p_asked jsonb, p_milestones badges_internal.milestones[], p_groups badges_internal.condition_groups[], p_node integer) returns TABLE(org_id text, tier text, threshold numeric, source text) immutable;
function badges_internal._canonical_on(p_on jsonb, p_closed_days text[]) returns jsonb immutable;
function badges_internal._canonical_when(p_when jsonb) returns jsonb immutable;
function badges_internal._cap_details(p_peer_mentor_id uuid, p_milestone badges_internal.milestones, p_selector jsonb) returns jsonb volatile;
function badges_internal._capped_value(p_route badges_internal.stat_route, p_measured numeric) returns numeric immutable;
function badges_internal._capped_values(p_defined badges_internal.stat_definitions, p_peer_mentor_ids uuid[], p_until date) returns TABLE(peer_mentor_id uuid, bucket text, activity_date date, occurred_at timestamp with time zone, activity_id bigint, value numeric, added numeric) volatile;
function badges_internal._certain_attribute(p_selector jsonb, OUT field text, OUT content text) returns record immutable;
function badges_internal._change_elements(p_part badges_internal.changed_part) returns badges_internal.element_change volatile;
function badges_internal._change_row(p_part badges_internal.changed_part) returns boolean volatile;
function badges_internal._change_rows(p_peer_mentor_id uuid, p_org_id text, p_changed badges_internal.changed_activity[], OUT is_done boolean, OUT may_be_due boolean) returns record volatile;
function badges_internal._change_sequence(p_part badges_internal.changed_part) returns boolean volatile;
function badges_internal._change_source_activities(p_prefix text, p_rows badges_internal.source_row[]) returns bigint volatile;
function badges_internal._change_windows(p_part badges_internal.changed_part) returns boolean volatile;
function badges_internal._changed_parts(p_peer_mentor_id uuid, p_org_id text, p_changed badges_internal.changed_activity[]) returns badges_internal.changed_part[] volatile;
function badges_internal._changed_readings(p_org_id text, p_changed badges_internal.changed_activity[]) returns TABLE(route badges_internal.stat_route, is_new boolean, bucket text, activity_date date, occurred_at timestamp with time zone, measured numeric, element text, element_measured numeric, lowest numeric) stable;
function badges_internal._changed_values(p_part badges_internal.changed_part) returns badges_internal.held_stat volatile;
function badges_internal._check_badge_definition() returns trigger volatile security definer;
function badges_internal._check_org_badge_config() returns trigger volatile security definer;
function badges_internal._choice_variables(p_needs_quantity boolean, p_needs_calendar boolean, p_clock_zone text, p_quantity numeric, p_day date, p_occurred_at timestamp with time zone) returns jsonb immutable;
function badges_internal._chosen_activities(p_peer_mentor_id uuid, p_org_id text, p_types text[], p_route badges_internal.stat_route, p_bucket text, p_from date, p_to date) returns TABLE(activity_date date, occurred_at timestamp with time zone, activity_id bigint, measured numeric, element text, element_measured numeric) stable;
function badges_internal._chosen_stats(p_sound jsonb) returns TABLE(badge text, stat bigint, activity_type text, is_rolling boolean, is_unit boolean) immutable;
function badges_internal._circle_text(p_circle jsonb) returns text immutable;
function badges_internal._claim_names(p_claims jsonb, p_claim text, p_org_id text) returns boolean immutable;
function badges_internal._claim_places(p_awards badges_internal.dated_award[], p_source text, p_is_final boolean) returns badges_internal.dated_award[] volatile;
function badges_internal._close_gate(p_patience interval DEFAULT '00:01:00') returns void volatile;
function badges_internal._cluster_identifier() returns bigint stable;
function badges_internal._compile_badge(p_criteria jsonb, p_custom_thresholds jsonb, p_on_unmet text DEFAULT 'keep', p_closed_days text[] DEFAULT NULL) returns TABLE(node integer, parent integer, depth integer, kind text, required integer, tier text, occurrence integer, selector jsonb, measure text, threshold numeric, threshold_source text, duration interval, badge_ids text[], badge_category text, expression text, path text, asked numeric, lapse_measure text, last_days integer) immutable;
function badges_internal._compile_on(p_on jsonb) returns text[] immutable;
function badges_internal._compile_when(p_when jsonb) returns text[] immutable;
function badges_internal._compile_where(p_where jsonb, p_when jsonb, p_on jsonb DEFAULT NULL) returns jsonpath immutable;
function badges_internal._compiled_conditions() returns TABLE(org_id text, badge_definition_id text, since_version integer, conditions jsonb) stable;
function badges_internal._condition_details(p_peer_mentor_id uuid, p_org_id text, p_badge_definition_id text, p_node integer, p_occurrence integer, p_criteria jsonb, p_as_of date) returns jsonb volatile;
function badges_internal._condition_spans(p_peer_mentor_ids uuid[], p_milestone badges_internal.milestones, p_from timestamp with time zone DEFAULT NULL) returns TABLE(peer_mentor_id uuid, held_during tstzmultirange) volatile;
function badges_internal._configured(p_organization jsonb, p_badges text[], p_badge_definition_id text, p_is_enabled boolean, p_custom_thresholds jsonb) returns jsonb immutable;
function badges_internal._count_capped(p_peer_mentor_id uuid, p_org_id text, p_route badges_internal.stat_route, p_bucket text, p_measured numeric, p_day date, p_occurred_at timestamp with time zone, p_pending bigint[]) returns boolean volatile;
function badges_internal._count_element(p_peer_mentor_id uuid, p_org_id text, p_route badges_internal.stat_route, p_bucket text, p_element text, p_measured numeric, p_pending bigint[]) returns boolean volatile;
function badges_internal._count_met_parts(p_badge_definition_id text, p_org_id text, p_parents integer[]) returns integer stable;
function badges_internal._count_new_activities() returns trigger volatile security definer;
function badges_internal._count_new_values(p_peer_mentor_id uuid, p_org_id text, p_new_stats text[], p_own_stats text[], p_own_buckets text[]) returns boolean volatile;
function badges_internal._count_parts(p_peer_mentor_id uuid, p_org_id text, p_routes badges_internal.stat_route[], p_stats text[], p_buckets text[], p_attributes jsonb, p_quantity numeric, p_day date, p_occurred_at timestamp with time zone, p_activity_id bigint, p_pending bigint[], p_is_late boolean) returns badges_internal.counted_parts volatile;
function badges_internal._count_people(p_org_id text, p_until date, p_is_all boolean) returns bigint volatile;
function badges_internal._count_rest(p_new badges_internal.new_activity, p_pending bigint[], p_stats text[], p_own_stats text[], p_own_buckets text[], p_own_values numeric[], p_new_stats text[], p_parts badges_internal.counted_parts, p_last_at timestamp with time zone, p_last_date date, p_is_stale boolean, p_has_begun boolean, p_has_reached boolean, p_is_negative boolean, p_has_raw boolean, p_has_tenure boolean, p_lapse_role text, p_may_lapse boolean, p_is_outdated boolean, p_late_is_simple boolean, p_week_origin date) returns badges_internal.counted_activity volatile;
function badges_internal._count_sequence(p_peer_mentor_id uuid, p_org_id text, p_route badges_internal.stat_route, p_qualifies integer, p_occurred_at timestamp with time zone, p_activity_id bigint, p_pending bigint[], p_is_late boolean) returns boolean volatile;
function badges_internal._count_unit(p_peer_mentor_id uuid, p_org_id text, p_route badges_internal.stat_route, p_bucket text, p_unit_start date, p_change integer) returns boolean volatile;
function badges_internal._count_waiting_people(p_rule_set text, p_org_id text DEFAULT NULL, p_version integer DEFAULT NULL, p_at_most bigint DEFAULT NULL) returns bigint volatile;
function badges_internal._counted_at(p_peer_mentor_id uuid, p_org_id text, p_types text[], p_route badges_internal.stat_route, p_bucket text, p_from date, p_before timestamp with time zone, p_threshold numeric) returns TABLE(occurred_at timestamp with time zone, activity_id bigint) stable;
function badges_internal._counted_badges(p_peer_mentor_id uuid, p_milestone badges_internal.milestones) returns jsonb volatile;
function badges_internal._counting_badges(p_changed badges_internal.candidate[]) returns badges_internal.candidate[] volatile;
function badges_internal._counting_granted(p_granted badges_internal.candidate[], OUT counting badges_internal.candidate[], OUT again badges_internal.candidate[], OUT revoked badges_internal.candidate[]) returns record volatile;
function badges_internal._counts_already(p_peer_mentor_id uuid, p_org_id text, p_stat text, p_bucket text, p_day date, p_occurred_at timestamp with time zone, p_pending bigint[]) returns boolean volatile;
function badges_internal._counts_badges(p_criteria jsonb) returns boolean immutable;
function badges_internal._criteria_at(p_criteria jsonb, p_path text) returns jsonb immutable;
function badges_internal._criteria_grammar() returns jsonb immutable;
function badges_internal._criteria_shape(p_criteria jsonb) returns jsonb immutable;
function badges_internal._cross_milestones(p_keys badges_internal.stat_key[]) returns badges_internal.candidate[] volatile;
function badges_internal._crossings(p_peer_mentor_id uuid, p_org_id text, p_stats text[], p_buckets text[]) returns TABLE(place tid, milestone badges_internal.milestones, is_highest boolean, next_count bigint, next_sum numeric, next_max numeric, next_active_days integer, next_distinct integer, next_day_run integer, next_week_run integer, next_month_run integer) stable;
function badges_internal._date_conditions(p_states badges_internal.condition_state[], p_until date DEFAULT NULL) returns badges_internal.condition_state[] volatile;
function badges_internal._dated_conditions(p_peer_mentor_id uuid, p_org_id text, p_badge_definition_id text, p_as_of date) returns badges_internal.condition_state[] volatile;
function badges_internal._dated_now(p_candidates badges_internal.candidate[], p_occurred_at timestamp with time zone, p_activity_id bigint) returns badges_internal.candidate[] immutable;
function badges_internal._day_begins(p_day date, p_time_zone text, p_day_starts time without time zone) returns timestamp with time zone immutable;
function badges_internal._day_begins_with_jump(p_day date, p_time_zone text, p_day_starts time without time zone) returns timestamp with time zone immutable;
function badges_internal._day_exists(p_calendar jsonb, p_day date) returns boolean immutable;
function badges_internal._day_of(p_moment timestamp with time zone, p_time_zone text, p_day_starts time without time zone) returns date immutable;
function badges_internal._days_anew(p_part badges_internal.changed_part, p_held badges_internal.held_stat) returns badges_internal.held_stat volatile;
function badges_internal._days_beside(p_peer_mentor_id uuid, p_org_id text, p_types text[], p_route badges_internal.stat_route, p_bucket text, p_upto date, p_from date, p_hidden bigint[], p_hidden_days date[]) returns TABLE(day_before date, day_after date) stable;
function badges_internal._days_without(p_part badges_internal.changed_part, p_held badges_internal.held_stat, p_days date[]) returns badges_internal.held_stat volatile;
function badges_internal._decide_badges(p_dated badges_internal.condition_state[]) returns badges_internal.dated_award[] volatile;
function badges_internal._decide_groups(p_dated badges_internal.condition_state[], p_groups badges_internal.condition_groups[]) returns badges_internal.condition_state[] volatile;
function badges_internal._delete_source_activities(p_source text, p_before badges_internal.source_row[], p_after badges_internal.source_row[]) returns void volatile;
function badges_internal._dies_on(p_unit text, p_day date, p_missed integer, p_calendar jsonb) returns date immutable;
function badges_internal._disordered_people(p_peer_mentor_ids uuid[], p_org_id text, p_stat text) returns uuid[] volatile;
function badges_internal._earlier_awards(p_states badges_internal.condition_state[], p_late badges_internal.late_activity[], OUT awards badges_internal.dated_award[], OUT held badges_internal.candidate[]) returns record volatile;
function badges_internal._earlier_by_cap(p_states badges_internal.condition_state[], p_late badges_internal.late_activity[], p_bucket text, p_types text[], p_route badges_internal.stat_route, p_value numeric) returns badges_internal.condition_state[] volatile;
function badges_internal._earlier_by_elements(p_states badges_internal.condition_state[], p_late badges_internal.late_activity[], p_bucket text, p_types text[], p_route badges_internal.stat_route) returns badges_internal.condition_state[] volatile;
function badges_internal._earlier_by_reading(p_states badges_internal.condition_state[], p_late badges_internal.late_activity[], p_bucket text, p_types text[], p_route badges_internal.stat_route) returns badges_internal.condition_state[] volatile;
function badges_internal._earlier_by_rolling(p_states badges_internal.condition_state[], p_late badges_internal.late_activity[], p_bucket text, p_types text[], p_route badges_internal.stat_route) returns badges_internal.condition_state[] volatile;
function badges_internal._earlier_by_sequence(p_states badges_internal.condition_state[], p_late badges_internal.late_activity[]) returns badges_internal.condition_state[] volatile;
function badges_internal._earlier_by_units(p_states badges_internal.condition_state[], p_late badges_internal.late_activity[], p_bucket text, p_types text[], p_route badges_internal.stat_route) returns badges_internal.condition_state[] volatile;
function badges_internal._earlier_by_value(p_states badges_internal.condition_state[], p_late badges_internal.late_activity[], p_bucket text, p_types text[], p_route badges_internal.stat_route, p_value numeric, p_count bigint) returns badges_internal.condition_state[] volatile;
function badges_internal._earlier_in_part(p_states badges_internal.condition_state[], p_late badges_internal.late_activity[], p_bucket text, p_types text[], p_route badges_internal.stat_route) returns badges_internal.condition_state[] volatile;
function badges_internal._earlier_states(p_states badges_internal.condition_state[], p_late badges_internal.late_activity[]) returns badges_internal.condition_state[] volatile;
function badges_internal._edit_distance(p_left text, p_right text) returns integer immutable;
function badges_internal._elapsed_units(p_unit text, p_from date, p_to date) returns integer immutable;
function badges_internal._element_anew(p_part badges_internal.changed_part, p_element text, p_measure text, OUT is_left boolean, OUT tally numeric) returns record volatile;
function badges_internal._element_details(p_selector jsonb, p_elements text[], p_tallies numeric[], p_counted boolean[]) returns jsonb immutable;
function badges_internal._elements_may_fall(p_states badges_internal.condition_state[]) returns boolean volatile;
function badges_internal._enabled_badges(p_document jsonb, p_sound jsonb) returns TABLE(org_id text, badge text) immutable;
function badges_internal._erase_names(p_peer_mentor_id uuid) returns bigint volatile;
function badges_internal._erase_person(p_peer_mentor_id uuid, p_org_id text) returns jsonb volatile;
function badges_internal._erase_set_aside(p_source text) returns bigint volatile;
function badges_internal._erase_users(p_people uuid[]) returns void volatile;
function badges_internal._evaluate_badges(p_candidates badges_internal.candidate[], p_is_held boolean, p_until date DEFAULT NULL) returns badges_internal.dated_award[] volatile;
function badges_internal._evaluate_bystanders(p_rule_set text, p_as_of timestamp with time zone) returns bigint volatile;
function badges_internal._evaluate_people(p_peer_mentor_ids uuid[], p_org_ids text[], p_candidates badges_internal.candidate[], p_late badges_internal.late_person[], p_fallen_people uuid[], p_fallen_orgs text[], p_source text, p_as_of timestamp with time zone DEFAULT NULL, p_late_activities badges_internal.late_activity[] DEFAULT NULL::badges_internal.late_activity[], p_lapses_as_of timestamp with time zone DEFAULT NULL, p_since timestamp with time zone DEFAULT '-infinity') returns bigint volatile;
function badges_internal._events_upto(p_last xid8 DEFAULT NULL::xid8) returns pg_snapshot stable;
function badges_internal._everyones_awards(p_org_id text) returns TABLE(peer_mentor_id uuid, org_id text, badge_definition_id text, tier text, occurrences integer[], occurrence integer, threshold numeric, earned_at timestamp with time zone) volatile;
function badges_internal._everyones_conditions(p_org_id text, p_as_of date, p_badge_definition_id text DEFAULT NULL) returns TABLE(peer_mentor_id uuid, org_id text, badge_definition_id text, tier text, occurrence integer, parent integer, stat text, measure text, target numeric, value numeric, is_reached boolean) volatile;
function badges_internal._everyones_values(p_org_id text, p_as_of date) returns TABLE(peer_mentor_id uuid, org_id text, stat text, measure text, last_days integer, value numeric, present numeric) volatile;
function badges_internal._excuse_units(p_new badges_internal.new_activity, OUT stats text[], OUT has_reached boolean) returns record volatile;
function badges_internal._excused_elements(p_peer_mentor_ids uuid[], p_org_id text, p_route badges_internal.stat_route) returns TABLE(peer_mentor_id uuid, element text, excused_at timestamp with time zone) volatile;
function badges_internal._excused_units(p_peer_mentor_id uuid, p_org_id text, p_route badges_internal.stat_route, p_from date, p_to date) returns date[] volatile;
function badges_internal._expiries(p_peer_mentor_id uuid, p_org_id text, p_badge_definition_id text, p_as_of date) returns TABLE(peer_mentor_id uuid, org_id text, badge_definition_id text, tier text, expires_at timestamp with time zone) volatile;
function badges_internal._explained_awards(p_peer_mentor_id uuid, p_definition badges.badge_definitions, p_org_id text, p_dated badges_internal.condition_state[], p_as_of date, p_language text) returns jsonb volatile;
function badges_internal._explained_conditions(p_peer_mentor_id uuid, p_definition badges.badge_definitions, p_org_id text, p_dated badges_internal.condition_state[], p_as_of date, p_language text) returns jsonb volatile;
function badges_internal._explained_groups(p_definition badges.badge_definitions, p_org_id text, p_dated badges_internal.condition_state[]) returns jsonb volatile;
function badges_internal._explained_state(p_peer_mentor_id uuid, p_definition badges.badge_definitions, p_org_id text) returns jsonb volatile;
function badges_internal._extended_run(p_unit integer, p_run integer, p_longest integer, p_first integer, p_first_end integer, p_last_start integer, p_last integer, p_new_longest integer) returns TABLE(run integer, longest integer) immutable;
function badges_internal._falling_badges(p_late badges_internal.late_person[], p_peer_mentor_ids uuid[], p_org_ids text[]) returns badges_internal.candidate[] volatile;
function badges_internal._fill_activity_date() returns trigger volatile security definer;
function badges_internal._find_bad_activity(p_activities jsonb) returns text stable;
function badges_internal._find_bad_award(p_awards badges_internal.dated_award[]) returns text stable;
function badges_internal._finish_counted(p_counted badges_internal.counted_activity[], p_candidates badges_internal.candidate[]) returns void volatile;
function badges_internal._finish_fold(p_peer_mentor_ids uuid[], p_org_ids text[], p_first_days date[], p_last_days date[], p_begun badges_internal.begun_fold, p_result badges_internal.fold_result, p_types text[]) returns void volatile;
function badges_internal._first_day(p_peer_mentor_id uuid, p_org_id text, p_stat text) returns date volatile;
function badges_internal._first_in_queue(p_consumer text, p_peer_mentor_id uuid) returns TABLE(event_id bigint, due_at timestamp with time zone, is_parked boolean, row_id tid) stable;
function badges_internal._first_not_held(p_peer_mentor_id uuid, p_definition badges.badge_definitions, p_org_id text, OUT tier text, OUT occurrence integer, OUT held_count bigint) returns record volatile;
function badges_internal._fold_crossings() returns text immutable;
function badges_internal._fold_days() returns text immutable;
function badges_internal._fold_elements() returns text immutable;
function badges_internal._fold_few(p_stats text[], p_peer_mentor_ids uuid[], p_org_ids text[], p_is_anew boolean, p_activities badges.activities[]) returns badges_internal.fold_result volatile;
function badges_internal._fold_moments() returns text immutable;
function badges_internal._fold_reading(p_source text) returns text immutable;
function badges_internal._fold_statement(p_source text DEFAULT 'join new_activities as a using (peer_mentor_id, org_id)') returns text immutable;
function badges_internal._forget_all_activities() returns trigger volatile security definer;
function badges_internal._forget_source_rows(p_source text) returns void volatile;
function badges_internal._forget_stats(p_peer_mentor_ids uuid[], p_org_ids text[], p_stats text[]) returns void volatile;
function badges_internal._forget_strangers(p_peer_mentor_ids uuid[], p_org_ids text[]) returns void volatile;
function badges_internal._gate_holders(p_modes text[]) returns text volatile;
function badges_internal._goes_on(p_peer_mentor_id uuid, p_org_id text, p_route badges_internal.stat_route, p_from date, p_to date) returns boolean volatile;
function badges_internal._grant_badges(p_awards badges_internal.dated_award[], p_source text, p_is_final boolean DEFAULT false) returns badges_internal.candidate[] volatile;
function badges_internal._grant_dated(p_awards badges_internal.dated_award[]) returns badges_internal.candidate[] volatile;
function badges_internal._grant_simple(p_candidates badges_internal.candidate[], p_source text, OUT awarded bigint, OUT candidates badges_internal.candidate[]) returns record volatile;
function badges_internal._hand_out_places(p_rule_set text, p_as_of timestamp with time zone) returns bigint volatile;
function badges_internal._has_apart(p_org_ids text[]) returns boolean stable;
function badges_internal._has_no_day(p_when jsonb) returns boolean stable;
function badges_internal._has_reached(p_stats badges.peer_mentor_stats) returns boolean immutable;
function badges_internal._has_rights_of(p_roles text[]) returns boolean stable;
function badges_internal._hashed_key(p_text text) returns text immutable;
function badges_internal._held_badges(p_peer_mentor_id uuid, p_org_id text, p_badge_definition_id text, p_badge_ids text[], p_badge_category text) returns TABLE(badge_definition_id text, earned_at timestamp with time zone) stable;
function badges_internal._held_elements(p_peer_mentor_ids uuid[], p_org_id text, p_stat text) returns TABLE(peer_mentor_id uuid, bucket text, element text, held_during tstzmultirange) volatile;
function badges_internal._held_now(p_peer_mentor_ids uuid[], p_org_ids text[], p_badge_definition_ids text[] DEFAULT NULL, p_as_of timestamp with time zone DEFAULT NULL, p_from timestamp with time zone DEFAULT NULL) returns TABLE(peer_mentor_id uuid, org_id text, badge_definition_id text, tier text, held_since timestamp with time zone, ended_at timestamp with time zone, next_at timestamp with time zone, threshold numeric, threshold_source text, activity_id bigint) volatile;
function badges_internal._held_sum(p_peer_mentor_id uuid, p_org_id text, p_stat text, p_bucket text) returns numeric volatile;
function badges_internal._held_together(p_held tstzmultirange[], p_required integer) returns tstzmultirange immutable;
function badges_internal._hold_organizations(p_org_ids text[]) returns void volatile;
function badges_internal._hold_person(p_peer_mentor_id uuid, p_with uuid, p_org_id text) returns text[] volatile;
function badges_internal._hold_rules() returns void volatile;
function badges_internal._hold_source_people(p_people uuid[], p_orgs text[], p_keys text[], p_written integer) returns text[] volatile;
function badges_internal._hold_source_rows(p_source text, p_keys text[], OUT busy text[]) returns text[] volatile;
function badges_internal._is_administrator() returns boolean stable;
function badges_internal._is_chosen(p_predicate jsonpath, p_needs_quantity boolean, p_needs_calendar boolean, p_clock_zone text, p_attributes jsonb, p_quantity numeric, p_day date, p_occurred_at timestamp with time zone) returns boolean immutable;
function badges_internal._is_decided_as_now(p_award badges.earned_badges, p_threshold numeric) returns boolean volatile;
function badges_internal._is_in_sight(p_badge_definition_id text, p_org_id text) returns boolean stable;
function badges_internal._is_left_to_backfill(p_org_id text, p_stats text[], p_version integer) returns boolean volatile;
function badges_internal._is_named_by(p_claim jsonb, p_org_id text) returns boolean immutable;
function badges_internal._is_read_whole(p_count bigint) returns boolean immutable;
function badges_internal._is_setting_on(p_setting text) returns boolean stable;
function badges_internal._is_touched(p_activity_id bigint, p_counted_upto bigint) returns boolean volatile;
function badges_internal._is_wanted(p_consumer badges_internal.event_consumers, p_event badges.award_events) returns boolean stable;
function badges_internal._join_before_17(p_routine regprocedure, p_listed text, p_joined text) returns void volatile;
function badges_internal._judged_at(p_peer_mentor_id uuid, p_org_id text, p_as_of timestamp with time zone) returns timestamp with time zone volatile;
function badges_internal._judged_lapses(p_peer_mentor_ids uuid[], p_org_ids text[], p_badge_definition_ids text[], p_as_of timestamp with time zone, p_from timestamp with time zone) returns TABLE(change badges_internal.lapse_change, next_at timestamp with time zone) volatile;
function badges_internal._keep_policy(p_table regclass, p_policy text, p_command text, p_roles text[], p_condition text) returns void volatile;
function badges_internal._known_stats(p_org_id text) returns TABLE(stat text) stable;
function badges_internal._lapse_changes(p_peer_mentor_ids uuid[], p_org_ids text[], p_badge_definition_ids text[], p_as_of timestamp with time zone, p_since timestamp with time zone) returns badges_internal.lapse_change[] volatile;
function badges_internal._lapse_rules(p_org_id text, p_badge_definition_ids text[], OUT milestones badges_internal.milestones[], OUT groups badges_internal.condition_groups[]) returns record volatile;
function badges_internal._lapse_spans(p_peer_mentor_ids uuid[], p_milestones badges_internal.milestones[], p_groups badges_internal.condition_groups[], p_is_whole boolean DEFAULT false, p_known badges_internal.condition_state[] DEFAULT '{}'::badges_internal.condition_state[], p_from timestamp with time zone DEFAULT NULL) returns badges_internal.condition_state[] volatile;
function badges_internal._last_activity_id() returns bigint volatile;
function badges_internal._last_event() returns bigint volatile;
function badges_internal._last_event_number() returns bigint volatile;
function badges_internal._lasting_spans(p_peer_mentor_ids uuid[], p_milestone badges_internal.milestones) returns TABLE(peer_mentor_id uuid, held_during tstzmultirange) volatile;
function badges_internal._late_person(p_peer_mentor_id uuid, p_org_id text, p_occurred_at timestamp with time zone) returns TABLE(is_few boolean, has_fallen boolean, has_awards boolean) stable;
function badges_internal._lease_events(p_consumer text, p_limit integer, p_until timestamp with time zone) returns TABLE(peer_mentor_id uuid, event_id bigint, attempts integer) volatile;
function badges_internal._lease_first_events(p_consumer text, p_due badges_internal.queued_event[], p_limit integer, p_now timestamp with time zone, p_until timestamp with time zone) returns TABLE(peer_mentor_id uuid, event_id bigint, attempts integer) volatile;
function badges_internal._left_to_decide(p_peer_mentor_id uuid, p_occurred_at timestamp with time zone, p_activity_id bigint, p_milestones badges_internal.milestones[], p_awarded badges_internal.dated_award[]) returns badges_internal.left_crossings stable;
function badges_internal._listed(p_value jsonb) returns jsonb immutable;
function badges_internal._listed_badges(p_written jsonb) returns TABLE(badge text, listed text, path text) immutable;
function badges_internal._local_day(p_org_id text, p_occurred_at timestamp with time zone) returns date stable;
function badges_internal._localized(p_text jsonb) returns text immutable;
function badges_internal._lock_people(p_peer_mentor_ids uuid[], p_org_ids text[]) returns void volatile;
function badges_internal._lock_waiting_people(p_rule_set text, p_at_most integer, OUT peer_mentor_ids uuid[], OUT org_ids text[], OUT base_rows xid[], OUT oldest integer) returns record volatile;
function badges_internal._log_alert(p_alert text, p_subject text) returns void volatile;
function badges_internal._longest_run(p_part badges_internal.changed_part, p_unit text, p_enough integer) returns integer volatile;
function badges_internal._mark_falling(p_peer_mentor_id uuid, p_org_id text, p_falling_stats text[], p_stats text[], p_buckets text[], p_occurred_at timestamp with time zone, p_activity_id bigint) returns boolean volatile;
function badges_internal._mark_looked(p_peer_mentor_ids uuid[], p_org_ids text[]) returns void volatile;
function badges_internal._mark_milestones(p_org_ids text[]) returns void volatile;
function badges_internal._mark_uncounted(p_peer_mentor_ids uuid[], p_org_ids text[]) returns void volatile;
function badges_internal._may_be_barred(p_org_id text, p_badge_definition_id text) returns boolean volatile;
function badges_internal._may_be_reached(p_milestone badges_internal.milestones, p_held badges.peer_mentor_stats, p_is_late_day boolean) returns boolean immutable;
function badges_internal._may_date_earlier(p_part badges_internal.changed_part) returns boolean volatile;
function badges_internal._may_decide_anew(p_peer_mentor_id uuid, p_org_id text, p_badge_definition_id text, p_occurred_at timestamp with time zone) returns boolean volatile;
function badges_internal._may_have_held(p_late badges_internal.late_activity[]) returns boolean volatile;
function badges_internal._may_take_numbers(p_criteria jsonb) returns boolean immutable;
function badges_internal._may_touch_held(p_peer_mentor_id uuid, p_org_id text, p_badge_definition_id text, p_tier text, p_occurrence integer, p_node integer, p_bucket text, p_earned_at timestamp with time zone, p_day date, p_occurred_at timestamp with time zone, p_pending bigint[]) returns boolean volatile;
function badges_internal._may_touch_lapse(p_peer_mentor_id uuid, p_org_id text, p_day date, p_occurred_at timestamp with time zone, p_stats text[], p_role text, p_last_at timestamp with time zone, p_is_late_day boolean, p_pending bigint[]) returns boolean volatile;
function badges_internal._may_touch_tenure(p_new badges_internal.new_activity, p_stats text[], p_last_at timestamp with time zone) returns boolean volatile;
function badges_internal._measure_apart(p_peer_mentor_ids uuid[], p_org_ids text[], p_from date[], p_to date[], p_stats text[], OUT candidates badges_internal.candidate[], OUT changed badges_internal.late_person[]) returns record volatile;
function badges_internal._measure_capped(p_defined badges_internal.stat_definitions, p_peer_mentor_ids uuid[], OUT written badges_internal.stat_key[], OUT changed uuid[]) returns record volatile;
function badges_internal._measure_sequence(p_defined badges_internal.stat_definitions, p_peer_mentor_ids uuid[], OUT written badges_internal.stat_key[], OUT changed uuid[]) returns record volatile;
function badges_internal._measure_wide(p_counted badges_internal.counted_activity, p_stats text[], p_pending bigint[]) returns badges_internal.counted_activity volatile;
function badges_internal._measured(p_stats badges.peer_mentor_stats, p_measure text) returns numeric immutable;
function badges_internal._measured_between(p_peer_mentor_id uuid, p_milestone badges_internal.milestones, p_selector jsonb, p_bucket text, p_from date, p_until date) returns jsonb volatile;
function badges_internal._measured_late(p_late badges_internal.late_activity[], p_route badges_internal.stat_route) returns TABLE(activity_date date, occurred_at timestamp with time zone, activity_id bigint, measured numeric, element text) stable;
function badges_internal._measured_parts(p_peer_mentor_ids uuid[], p_org_ids text[], p_stat text) returns TABLE(peer_mentor_id uuid, org_id text, bucket text, activity_count bigint, value_sum numeric, value_max numeric, has_negative boolean, first_at timestamp with time zone, last_at timestamp with time zone, place bigint, reached_at timestamp with time zone, reached_id bigint) volatile;
function badges_internal._merge_activities(p_from_peer_mentor_id uuid, p_into_peer_mentor_id uuid, p_org_ids text[]) returns void volatile;
function badges_internal._merge_awards(p_from_peer_mentor_id uuid, p_into_peer_mentor_id uuid, p_org_ids text[]) returns void volatile;
function badges_internal._merge_events(p_from_peer_mentor_id uuid, p_into_peer_mentor_id uuid, p_org_ids text[]) returns void volatile;
function badges_internal._merge_names(p_from_peer_mentor_id uuid, p_into_peer_mentor_id uuid, p_org_id text) returns boolean volatile;
function badges_internal._merge_rows(p_from_peer_mentor_id uuid, p_into_peer_mentor_id uuid, p_org_id text, p_org_ids text[]) returns void volatile;
function badges_internal._merges_of(p_peer_mentor_id uuid, p_org_id text) returns SETOF badges_internal.merged_people stable;
function badges_internal._met_conditions(p_candidates badges_internal.candidate[], p_is_held boolean) returns badges_internal.condition_state[] volatile;
function badges_internal._met_keys(p_from_peer_mentor_id uuid, p_into_peer_mentor_id uuid, p_org_ids text[]) returns TABLE(org_id text, idempotency_key text, activity_id bigint, into_activity_id bigint, is_same boolean) stable;
function badges_internal._metric_values(p_with_awards boolean) returns TABLE(metric text, labels jsonb, value double precision) stable;
function badges_internal._milestones_between(p_org_id text, p_stat text, p_measure text, p_lowest numeric, p_value numeric) returns TABLE(milestone badges_internal.milestones, next_threshold numeric) stable;
function badges_internal._minute_of_day(p_time jsonb) returns integer immutable;
function badges_internal._missed_units(p_unit text, p_from date, p_to date, p_calendar jsonb) returns integer immutable;
function badges_internal._missing_source_right(p_table regclass) returns text stable;
function badges_internal._moment_for(p_org_id text, p_as_of date) returns timestamp with time zone volatile;
function badges_internal._monthly_stat(p_peer_mentor_id uuid, p_org_id text, p_stat text) returns text volatile;
function badges_internal._most_active_days(p_window jsonb) returns integer immutable;
function badges_internal._move_activity_date() returns trigger volatile security definer;
function badges_internal._move_awards(p_awards badges_internal.dated_award[]) returns badges_internal.candidate[] volatile;
function badges_internal._move_calendar(p_org_id text, p_version integer, p_calendar jsonb) returns void volatile;
function badges_internal._move_problems(p_problems jsonb, p_path text) returns jsonb immutable;
function badges_internal._must_not_be(p_value jsonb) returns text immutable;
function badges_internal._name_circles(p_names text[], p_badges text[], p_needed text[], p_components integer[]) returns jsonb immutable;
function badges_internal._name_source_people(p_source text, p_rows badges_internal.source_row[]) returns void volatile;
function badges_internal._named_activities(p_written jsonb) returns TABLE(badge text, path text, activity_type text) immutable;
function badges_internal._named_in_raw(p_org_id text, p_key text) returns TABLE(name text) stable;
function badges_internal._nearby(p_held badges.peer_mentor_stats, p_number numeric) returns interval immutable;
function badges_internal._nearest_word(p_word text, p_known text[]) returns text immutable;
function badges_internal._nest_badges(p_badges text[], p_needed text[], OUT depths jsonb, OUT circles jsonb) returns record immutable;
function badges_internal._new_badges(p_after_event bigint) returns TABLE(peer_mentor_id uuid, org_id text, badge_definition_id text, tier text, occurrence integer, earned_at timestamp with time zone, name text) volatile;
function badges_internal._new_badges_since(p_after_event bigint, p_with_person boolean) returns jsonb volatile;
function badges_internal._next_milestone(p_org_id text, p_stat text, p_measure text, p_value numeric) returns numeric stable;
function badges_internal._next_occurrences(p_org_id text) returns TABLE(peer_mentor_id uuid, org_id text, badge_definition_id text, tier text, occurrence integer) volatile;
function badges_internal._next_threshold(p_thresholds numeric[], p_org_id text, p_stat text, p_measure text, p_value numeric) returns numeric stable;
function badges_internal._next_thresholds(p_thresholds badges_internal.stat_thresholds, p_org_id text, p_stat text, p_values badges_internal.stat_values) returns TABLE(next_count bigint, next_sum numeric, next_max numeric, next_active_days integer, next_distinct integer, next_day_run integer, next_week_run integer, next_month_run integer) stable;
function badges_internal._next_turn(p_turns integer, p_waited integer, p_queued integer) returns integer immutable;
function badges_internal._not_enabled(p_document jsonb, p_written jsonb) returns jsonb immutable;
function badges_internal._nth_badge(p_peer_mentor_id uuid, p_org_id text, p_badge_definition_id text, p_badge_ids text[], p_badge_category text, p_threshold numeric) returns TABLE(earned_at timestamp with time zone) stable;
function badges_internal._number(p_value jsonb) returns numeric immutable;
function badges_internal._numbered_elements(p_peer_mentor_ids uuid[], p_org_id text, p_stat text, p_unit text) returns TABLE(peer_mentor_id uuid, bucket text, element text, held_during tstzmultirange, counts boolean, number integer) volatile;
function badges_internal._object_or_empty(p_value jsonb) returns jsonb immutable;
function badges_internal._organizations_of(p_peer_mentor_id uuid) returns text[] stable;
function badges_internal._organizations_statement() returns text stable;
function badges_internal._other_measure(p_peer_mentor_id uuid, p_milestone badges_internal.milestones, OUT value numeric, OUT is_reached boolean) returns record volatile;
function badges_internal._other_moment(p_peer_mentor_id uuid, p_milestone badges_internal.milestones) returns timestamp with time zone volatile;
function badges_internal._own_organizations() returns text[] stable security definer;
function badges_internal._park_events(p_consumer text, p_due badges_internal.queued_event[], p_now timestamp with time zone) returns void volatile;
function badges_internal._part_activities(p_part badges_internal.changed_part, p_from date, p_to date) returns TABLE(activity_date date, occurred_at timestamp with time zone, activity_id bigint, measured numeric, element text, element_measured numeric) stable;
function badges_internal._parted_activities(p_peer_mentor_ids uuid[], p_org_id text, p_stat text, p_states badges_internal.condition_state[], p_until date DEFAULT NULL) returns TABLE(peer_mentor_id uuid, bucket text, activity_date date, occurred_at timestamp with time zone, activity_id bigint, measured numeric, element text, element_measured numeric) volatile;
function badges_internal._parts_named(p_rule jsonb, p_criteria jsonb) returns text immutable;
function badges_internal._pass_due_dates(p_peer_mentor_ids uuid[], p_org_ids text[], p_as_of timestamp with time zone, OUT candidates badges_internal.candidate[], OUT again badges_internal.candidate[]) returns record volatile;
function badges_internal._path_step(p_path text, p_key text) returns text immutable;
function badges_internal._person_now(p_peer_mentor_id uuid, p_org_id text DEFAULT NULL) returns uuid stable;
function badges_internal._person_statement(p_does text, p_table regclass, p_belongs_to badges_internal.person_row) returns text stable;
function badges_internal._person_tables() returns TABLE(place integer, table_name regclass, belongs_to badges_internal.person_row, on_merge text) stable;
function badges_internal._place_in_sequence(p_held badges.peer_mentor_stats, p_defined badges_internal.stat_definitions, p_qualifies integer, p_occurred_at timestamp with time zone, p_activity_id bigint, p_pending bigint[]) returns boolean volatile;
function badges_internal._place_late_activity(p_new badges_internal.new_activity, p_pending bigint[], INOUT stats text[], INOUT buckets text[], p_week_origin date, p_is_simple boolean, OUT has_reached boolean) returns record volatile;
function badges_internal._place_late_day(p_row badges_internal.late_row, p_week_origin date, p_types text[], p_route badges_internal.stat_route, p_day date, p_before date, p_after date, p_hidden bigint[], p_hidden_days date[]) returns badges_internal.late_row volatile;
function badges_internal._place_late_days(p_rows badges_internal.late_row[]) returns void volatile;
function badges_internal._place_unit_runs(p_changes badges_internal.element_change[]) returns badges_internal.candidate[] volatile;
function badges_internal._plain_stats(p_org_ids text[], p_stats text[]) returns text[] stable;
function badges_internal._plan_awards(p_states badges_internal.condition_state[], p_groups badges_internal.condition_groups[], OUT awards badges_internal.dated_award[], OUT nearest jsonb) returns record volatile;
function badges_internal._plan_broken(p_states badges_internal.condition_state[], p_milestones badges_internal.milestones[], p_groups badges_internal.condition_groups[]) returns badges_internal.candidate[] volatile;
function badges_internal._plan_capped(p_unmeasured badges_internal.stat_definitions[], p_until date) returns TABLE(peer_mentor_id uuid, org_id text, stat text, measure text, value numeric, may_fall boolean) volatile;
function badges_internal._plan_certain(p_states badges_internal.condition_state[], p_falling badges_internal.candidate[], p_dated_people uuid[]) returns badges_internal.condition_state[] volatile;
function badges_internal._plan_changes(p_old jsonb, p_new jsonb) returns jsonb immutable;
function badges_internal._plan_climbs(p_milestones badges_internal.milestones[], p_given badges_internal.dated_award[], p_taken badges_internal.dated_award[]) returns TABLE(org_id text, badge_definition_id text, moves jsonb) volatile;
function badges_internal._plan_compiled(p_document jsonb) returns TABLE(org_id text, badge_definition_id text, node integer, parent integer, depth integer, kind text, required integer, tier text, occurrence integer, selector jsonb, measure text, threshold numeric, threshold_source text, duration interval, badge_ids text[], badge_category text, expression text, path text, asked numeric, lapse_measure text, last_days integer, stat text) immutable;
function badges_internal._plan_conditions(p_milestones badges_internal.milestones[], p_revocable text[], p_held text[], OUT states badges_internal.condition_state[], OUT falling badges_internal.candidate[], OUT nearest jsonb) returns record volatile;
function badges_internal._plan_counted(p_document jsonb, p_milestones badges_internal.milestones[], p_badges text[], p_given badges_internal.dated_award[], p_taken badges_internal.dated_award[], OUT states badges_internal.condition_state[], OUT nearest jsonb) returns record volatile;
function badges_internal._plan_counts(p_document jsonb, p_milestones badges_internal.milestones[], p_badges text[], p_given badges_internal.dated_award[], p_taken badges_internal.dated_award[]) returns TABLE(peer_mentor_id uuid, org_id text, badge_definition_id text, tier text, occurrence integer, node integer, parent integer, threshold numeric, threshold_source text, value bigint, moments timestamp with time zone[]) volatile;
function badges_internal._plan_effects(p_document jsonb, p_milestones badges_internal.milestones[], p_given badges_internal.dated_award[], p_taken badges_internal.dated_award[], p_nearest jsonb, p_restorable text[]) returns jsonb volatile;
function badges_internal._plan_first_days(p_milestones badges_internal.milestones[], p_until date) returns TABLE(peer_mentor_id uuid, org_id text, stat text, first_day date) volatile;
function badges_internal._plan_for_sets(p_before text[] DEFAULT NULL) returns text[] volatile;
function badges_internal._plan_given(p_document jsonb, p_awards badges_internal.dated_award[], p_held text[]) returns badges_internal.dated_award[] volatile;
function badges_internal._plan_known(p_document jsonb, p_asked badges_internal.milestones[], p_badges text[], p_given badges_internal.dated_award[], p_taken badges_internal.dated_award[]) returns badges_internal.condition_state[] volatile;
function badges_internal._plan_lapsing(p_document jsonb, p_milestones badges_internal.milestones[], p_groups badges_internal.condition_groups[], p_badges text[], p_given badges_internal.dated_award[], p_taken badges_internal.dated_award[], p_as_of timestamp with time zone) returns badges_internal.dated_award[] volatile;
function badges_internal._plan_lasting_values(p_defined badges_internal.stat_definitions, p_org_ids text[], p_until date) returns TABLE(peer_mentor_id uuid, org_id text, measure text, value numeric, may_fall boolean) volatile;
function badges_internal._plan_measured(p_milestones badges_internal.milestones[], p_until date DEFAULT NULL) returns TABLE(peer_mentor_id uuid, org_id text, stat text, measure text, value numeric, may_fall boolean) volatile;
function badges_internal._plan_merge(p_from_peer_mentor_id uuid, p_into_peer_mentor_id uuid, p_org_id text, p_org_ids text[]) returns jsonb stable;
function badges_internal._plan_moves(p_document jsonb, p_milestones badges_internal.milestones[], p_groups badges_internal.condition_groups[], p_as_of timestamp with time zone, OUT given badges_internal.dated_award[], OUT taken badges_internal.dated_award[], OUT nearest jsonb, OUT restorable text[]) returns record volatile;
function badges_internal._plan_placed(p_document jsonb, p_states badges_internal.condition_state[], p_groups badges_internal.condition_groups[], p_awards badges_internal.dated_award[]) returns badges_internal.dated_award[] volatile;
function badges_internal._plan_places(p_document jsonb) returns TABLE(org_id text, badge_definition_id text, tier text, places bigint) stable;
function badges_internal._plan_rules(p_document jsonb, p_rule_set text, OUT milestones badges_internal.milestones[], OUT groups badges_internal.condition_groups[]) returns record stable;
function badges_internal._plan_taken(p_document jsonb, p_milestones badges_internal.milestones[], p_badges text[], p_awards badges_internal.dated_award[]) returns badges_internal.dated_award[] volatile;
function badges_internal._plan_tenures(p_milestones badges_internal.milestones[]) returns TABLE(peer_mentor_id uuid, org_id text, badge_definition_id text, node integer, occurrence integer, due_at timestamp with time zone) volatile;
function badges_internal._plan_unmeasured(p_milestones badges_internal.milestones[], p_is_all boolean) returns badges_internal.stat_definitions[] stable;
function badges_internal._present_conditions(p_peer_mentor_id uuid, p_org_id text, p_badge_definition_id text, p_as_of date) returns badges_internal.condition_state[] volatile;
function badges_internal._present_elements(p_peer_mentor_ids uuid[], p_org_id text, p_stat text, p_unit text) returns TABLE(peer_mentor_id uuid, bucket text, moment timestamp with time zone, next_moment timestamp with time zone, number bigint) volatile;
function badges_internal._present_run(p_held badges.peer_mentor_stats, p_unit text, p_route badges_internal.stat_route, p_as_of date) returns integer volatile;
function badges_internal._present_tallies(p_peer_mentor_id uuid, p_org_id text) returns jsonb volatile;
function badges_internal._present_units(p_peer_mentor_ids uuid[], p_org_id text, p_stat text, p_unit text, p_from date) returns TABLE(peer_mentor_id uuid, first_day date, number integer, counts boolean, since timestamp with time zone, moment timestamp with time zone, next_moment timestamp with time zone) volatile;
function badges_internal._present_value(p_held badges.peer_mentor_stats, p_measure text, p_route badges_internal.stat_route, p_as_of date) returns numeric volatile;
function badges_internal._problem(p_path text, p_problem text, p_allowed text) returns jsonb immutable;
function badges_internal._problems_of_badges(p_document jsonb, p_paths text[], p_badges text[]) returns jsonb immutable;
function badges_internal._qualified_elements(p_peer_mentor_ids uuid[], p_org_id text, p_stat text, p_unit text, p_states badges_internal.condition_state[], p_until date DEFAULT NULL) returns TABLE(peer_mentor_id uuid, bucket text, element text, counted_at timestamp with time zone, activity_id bigint) volatile;
function badges_internal._qualifies(p_route badges_internal.stat_route, p_attributes jsonb, p_quantity numeric) returns integer immutable;
function badges_internal._quoted(p_text text) returns text immutable;
function badges_internal._raw_holds(p_expression text, p_document jsonb) returns boolean immutable;
function badges_internal._reach_of(p_milestone badges_internal.milestones) returns integer stable;
function badges_internal._reached_by_elements(p_states badges_internal.condition_state[], p_until date) returns badges_internal.condition_state[] volatile;
function badges_internal._reached_by_falling_elements(p_states badges_internal.condition_state[]) returns badges_internal.condition_state[] volatile;
function badges_internal._reached_by_value(p_states badges_internal.condition_state[], p_until date) returns badges_internal.condition_state[] volatile;
function badges_internal._reached_measures(p_held badges.peer_mentor_stats) returns TABLE(measure text, lowest numeric, value numeric) stable;
function badges_internal._read_activities(p_source text, p_after jsonb, p_batch integer, OUT written bigint, OUT after jsonb) returns record volatile;
function badges_internal._read_cursor(p_cursor text, p_list text, OUT number numeric, OUT peer_mentor_id uuid, OUT rest text) returns record immutable;
function badges_internal._read_rest(p_source text, p_began timestamp with time zone, p_batch integer, OUT written bigint, OUT after jsonb) returns record volatile;
function badges_internal._read_rows(p_source text, p_after text, p_batch integer, OUT written bigint, OUT after jsonb) returns record volatile;
function badges_internal._read_source(p_source text, p_batch integer, OUT written bigint, OUT is_done boolean, OUT set_aside bigint) returns record volatile;
function badges_internal._read_source_rows(p_source text, p_keys text[]) returns SETOF badges_internal.source_row volatile;
function badges_internal._reading(p_per_field text, p_window_unit text, p_value_field text, p_element_field text, p_element_unit text, p_element_measure text, p_element_value_field text, p_attributes jsonb, p_quantity numeric, p_day date) returns TABLE(bucket text, measured numeric, element text, element_measured numeric, lowest numeric) stable;
function badges_internal._rebuild_people(p_peer_mentor_ids uuid[], p_org_ids text[], p_stats text[]) returns badges_internal.candidate[] volatile;
function badges_internal._recent_details(p_peer_mentor_id uuid, p_milestone badges_internal.milestones, p_selector jsonb, p_as_of date) returns jsonb volatile;
function badges_internal._recent_values(p_peer_mentor_ids uuid[], p_org_id text, p_stat text, p_days integer, p_as_of date) returns TABLE(peer_mentor_id uuid, measure text, value numeric) volatile;
function badges_internal._recount_activities(p_people uuid[], p_orgs text[], p_kinds badges_internal.activity_kind[], p_new_people uuid[], p_new_orgs text[], p_late badges_internal.late_person[]) returns void volatile;
function badges_internal._recount_deleted_activities() returns trigger volatile security definer;
function badges_internal._recount_few_activities(p_changed badges_internal.changed_activity[], OUT peer_mentor_ids uuid[], OUT org_ids text[]) returns record volatile;
function badges_internal._recount_updated_activities() returns trigger volatile security definer;
function badges_internal._redate_badges(p_held badges_internal.candidate[], p_moved badges_internal.candidate[] DEFAULT NULL::badges_internal.candidate[], p_source text DEFAULT 'rule') returns void volatile;
function badges_internal._redate_late(p_late badges_internal.late_activity[], p_is_all boolean) returns boolean volatile;
function badges_internal._redate_simply(p_late badges_internal.late_activity, p_week_origin date) returns boolean volatile;
function badges_internal._refuse_activity(p_occurred_at timestamp with time zone, p_attributes jsonb) returns void volatile;
function badges_internal._refuse_denied(p_peer_mentor_id uuid, p_badge_definition_id text, p_org_id text, p_tier text) returns void volatile;
function badges_internal._refuse_foreign_slugs(p_document jsonb, p_rule_set text) returns void stable;
function badges_internal._refuse_large_attributes() returns trigger volatile security definer;
function badges_internal._refuse_losses(p_document jsonb, p_org_id text) returns void volatile;
function badges_internal._refuse_rule_set(p_document jsonb) returns void stable;
function badges_internal._refuse_source(p_source text, p_definition jsonb, p_table regclass) returns void stable;
function badges_internal._remember_external_ids(p_peer_mentor_ids uuid[], p_namespace text, p_external_ids text[]) returns void volatile;
function badges_internal._repeated_elements(p_value jsonb, p_key text, p_path text) returns TABLE(path text) immutable;
function badges_internal._replace_rules(p_org_ids text[], p_version integer) returns void volatile;
function badges_internal._require_administration(p_org_id text) returns void stable;
function badges_internal._require_alert(p_alert text, p_subject text) returns void immutable;
function badges_internal._require_attaching(p_table regclass DEFAULT NULL) returns void stable;
function badges_internal._require_badge(p_badge_definition_id text, p_org_id text) returns badges.badge_definitions stable;
function badges_internal._require_calendar(p_calendar jsonb) returns void stable;
function badges_internal._require_consumer(p_consumer text) returns void stable;
function badges_internal._require_consumer_name(p_consumer text) returns void immutable;
function badges_internal._require_decision(p_peer_mentor_id uuid, p_reason text) returns void immutable;
function badges_internal._require_filter(p_parameter text, p_filter text[], p_known text[] DEFAULT NULL) returns void immutable;
function badges_internal._require_list(p_org_id text, p_badge_definition_id text, p_tier text, p_since date, p_limit integer) returns void stable;
function badges_internal._require_merge(p_from_peer_mentor_id uuid, p_into_peer_mentor_id uuid, p_org_id text) returns uuid stable;
function badges_internal._require_number(p_badge_definition_id text, p_criteria jsonb, p_part text) returns integer immutable;
function badges_internal._require_organization(p_org_id text) returns void stable;
function badges_internal._require_own(p_org_id text) returns text[] stable;
function badges_internal._require_passed(p_as_of timestamp with time zone) returns void stable;
function badges_internal._require_people(p_peer_mentor_ids uuid[], p_org_id text) returns void stable;
function badges_internal._require_person(p_peer_mentor_id uuid) returns void immutable;
function badges_internal._require_reading(p_source text, p_batch integer) returns void stable;
function badges_internal._require_rule_set(p_rule_set text) returns void stable;
function badges_internal._require_settlement(p_event_ids bigint[], p_outcome text, p_retry_in interval, p_status integer, p_milliseconds integer) returns void immutable;
function badges_internal._require_source(p_source text) returns badges_internal.sources stable;
function badges_internal._require_span(p_parameter text, p_span interval, p_longest interval) returns void immutable;
function badges_internal._require_tier(p_definition badges.badge_definitions, p_tier text) returns text immutable;
function badges_internal._require_tier_or_all(p_definition badges.badge_definitions, p_tier text) returns text immutable;
function badges_internal._require_user_trigger(p_definition jsonb) returns void stable;
function badges_internal._require_view(p_peer_mentor_id uuid, p_org_id text) returns void stable;
function badges_internal._resolve_kind(p_kind jsonb) returns jsonb immutable;
function badges_internal._restore_by_hand(p_peer_mentor_id uuid, p_badge_definition_id text, p_org_id text, p_tier text) returns badges.earned_badges[] volatile;
function badges_internal._revoke_by_hand(p_peer_mentor_id uuid, p_badge_definition_id text, p_org_id text, p_tier text, p_occurrence integer, p_reason text) returns badges.earned_badges[] volatile;
function badges_internal._rewrite_days(p_peer_mentor_ids uuid[], p_org_ids text[], OUT peer_mentor_ids uuid[], OUT org_ids text[]) returns record volatile;
function badges_internal._roll_one(p_peer_mentor_id uuid, p_org_id text, p_route badges_internal.stat_route, p_bucket text, p_day date, p_occurred_at timestamp with time zone) returns boolean volatile;
function badges_internal._roll_stat(p_defined badges_internal.stat_definitions, p_peer_mentor_ids uuid[], p_from date[], p_to date[]) returns badges_internal.candidate[] volatile;
function badges_internal._rollback_document(p_rule_set text, p_version integer) returns jsonb stable;
function badges_internal._rolling_details(p_peer_mentor_id uuid, p_milestone badges_internal.milestones, p_selector jsonb, p_as_of date) returns jsonb volatile;
function badges_internal._rolling_windows(p_defined badges_internal.stat_definitions, p_peer_mentor_ids uuid[], p_from date, p_to date) returns TABLE(peer_mentor_id uuid, bucket text, last_day date, activity_count bigint, value_sum numeric, value_max numeric, active_days bigint, distinct_count bigint, has_negative boolean, first_at timestamp with time zone, last_at timestamp with time zone) volatile;
function badges_internal._round_threshold(p_value numeric, p_digits integer, p_spread numeric, p_is_whole boolean, p_is_above boolean) returns numeric immutable;
function badges_internal._route_of_type(p_defined badges_internal.stat_definitions, p_type text) returns badges_internal.stat_route immutable;
function badges_internal._rule_set_warnings(p_document jsonb) returns jsonb stable;
function badges_internal._run_complete_at(p_moments timestamp with time zone[], p_middle integer, p_length integer) returns timestamp with time zone immutable;
function badges_internal._run_details(p_stats badges.peer_mentor_stats, p_unit text, p_route badges_internal.stat_route, p_as_of date) returns jsonb volatile;
function badges_internal._run_edge(p_peer_mentor_id uuid, p_org_id text, p_types text[], p_route badges_internal.stat_route, p_bucket text, p_hidden bigint[], p_hidden_days date[], p_unit text, p_number integer, p_step integer, p_known_first integer, p_known_last integer) returns integer volatile;
function badges_internal._run_spans(p_peer_mentor_ids uuid[], p_milestone badges_internal.milestones, p_from timestamp with time zone) returns TABLE(peer_mentor_id uuid, held_during tstzmultirange) volatile;
function badges_internal._run_units(p_peer_mentor_ids uuid[], p_org_id text, p_stat text, p_unit text, p_from date) returns TABLE(peer_mentor_id uuid, first_day date, number integer, counts boolean, held_during tstzmultirange, is_odd boolean) volatile;
function badges_internal._run_with(p_run integer, p_last_date date, p_start date, p_previous date) returns integer immutable;
function badges_internal._runs_go_on(p_peer_mentor_id uuid, p_org_id text, p_activity_date date, p_occurred_at timestamp with time zone, p_stats text[], p_due_at timestamp with time zone, OUT go_on boolean, OUT is_all boolean) returns record volatile;
function badges_internal._save_compiled(p_org_ids text[], p_version integer) returns void volatile;
function badges_internal._save_definitions(p_document jsonb, p_rule_set text, p_version integer) returns void volatile;
function badges_internal._save_places(p_org_ids text[], p_version integer) returns void volatile;
function badges_internal._save_routes(p_org_ids text[], p_version integer) returns void volatile;
function badges_internal._scalar_of(p_name text) returns jsonb immutable;
function badges_internal._scalar_text(p_value jsonb) returns text stable;
function badges_internal._seen_until(p_peer_mentor_id uuid, p_org_id text) returns timestamp with time zone volatile;
function badges_internal._selected_activities(p_peer_mentor_ids uuid[], p_org_id text, p_stat text, p_bucket text, p_from date, p_to date) returns TABLE(peer_mentor_id uuid, bucket text, activity_date date, occurred_at timestamp with time zone, activity_id bigint, measured numeric, element text, element_measured numeric) volatile;
function badges_internal._selector(p_criteria jsonb, p_closed_days text[] DEFAULT NULL) returns jsonb immutable;
function badges_internal._sequence_activities(p_peer_mentor_id uuid, p_org_id text, p_types text[], p_route badges_internal.stat_route, p_from date, p_to date, p_pending bigint[]) returns TABLE(activity_date date, occurred_at timestamp with time zone, activity_id bigint, qualifies integer) stable;
function badges_internal._sequence_best(p_route badges_internal.stat_route, p_bits text, p_first integer, p_count bigint, p_qualified numeric) returns numeric immutable;
function badges_internal._sequence_bits(p_peer_mentor_id uuid, p_defined badges_internal.stat_definitions, p_since timestamp with time zone, p_before timestamp with time zone, p_pending bigint[], OUT bits text, OUT moments timestamp with time zone[]) returns record volatile;
function badges_internal._sequence_details(p_peer_mentor_id uuid, p_milestone badges_internal.milestones) returns jsonb volatile;
function badges_internal._sequence_edges(p_peer_mentor_id uuid, p_defined badges_internal.stat_definitions, p_occurred_at timestamp with time zone, p_pending bigint[]) returns badges_internal.sequence_slice volatile;
function badges_internal._sequence_spans(p_peer_mentor_ids uuid[], p_milestone badges_internal.milestones) returns TABLE(peer_mentor_id uuid, held_during tstzmultirange) volatile;
function badges_internal._sequence_stretch(p_held badges.peer_mentor_stats, p_defined badges_internal.stat_definitions, p_occurred_at timestamp with time zone, p_activity_id bigint, p_pending bigint[], OUT before timestamp with time zone, OUT chosen_count bigint, OUT qualified_count numeric, OUT bits text, OUT moments timestamp with time zone[], OUT first_end integer) returns record volatile;
function badges_internal._sequence_value(p_sequence text, p_size integer, p_qualifies integer, p_last numeric, p_count bigint, p_qualified numeric, p_lately bit varying) returns numeric immutable;
function badges_internal._sequence_values(p_defined badges_internal.stat_definitions, p_peer_mentor_ids uuid[], p_until date) returns TABLE(peer_mentor_id uuid, activity_date date, occurred_at timestamp with time zone, activity_id bigint, qualifies integer, chosen_count bigint, qualified_count numeric, value numeric) volatile;
function badges_internal._session_claims() returns jsonb stable;
function badges_internal._session_person() returns uuid stable security definer;
function badges_internal._set_base_versions(p_peer_mentor_ids uuid[], p_org_ids text[]) returns void volatile;
function badges_internal._set_changes_aside(p_source text, p_rows badges_internal.source_row[], p_reason text) returns void volatile;
function badges_internal._set_next_thresholds(p_peer_mentor_ids uuid[], p_org_ids text[], p_stats text[]) returns void volatile;
function badges_internal._set_rows_aside(p_source text, p_rows badges_internal.source_row[]) returns void volatile;
function badges_internal._set_source_aside(p_source text, p_reason text) returns void volatile;
function badges_internal._set_users_aside(p_source text, p_people uuid[], p_reason text) returns void volatile;
function badges_internal._setting(p_setting text) returns jsonb stable;
function badges_internal._settle_badges(p_badges badges_internal.candidate[], p_source text) returns void volatile;
function badges_internal._settle_lapses(p_peer_mentor_ids uuid[], p_org_ids text[], p_source text, p_as_of timestamp with time zone, p_since timestamp with time zone) returns bigint volatile;
function badges_internal._settle_revocable(p_peer_mentor_ids uuid[], p_org_ids text[], p_source text) returns void volatile;
function badges_internal._settle_source_rows(p_source text, p_keys text[], p_people uuid[], p_orgs text[], p_pair_keys text[], OUT written bigint, OUT busy text[], OUT odd badges_internal.source_row[]) returns record volatile;
function badges_internal._share(p_qualified numeric, p_chosen numeric) returns numeric immutable;
function badges_internal._share_stays(p_held badges.peer_mentor_stats, p_defined badges_internal.stat_definitions, p_qualifies integer, p_occurred_at timestamp with time zone, p_pending bigint[]) returns boolean volatile;
function badges_internal._shifted(p_bits bit varying, p_bit bit varying, p_size integer) returns bit varying immutable;
function badges_internal._sort_problems(p_problems jsonb) returns jsonb immutable;
function badges_internal._sorted_types(p_activity jsonb) returns jsonb immutable;
function badges_internal._source_attributes(p_table regclass, p_definition jsonb) returns text stable;
function badges_internal._source_changes(p_table regclass, p_definition jsonb, p_event text) returns text stable;
function badges_internal._source_column(p_table regclass, p_name text, OUT kind text, OUT type_name text, OUT reference text, OUT as_json text, OUT as_text text) returns record stable;
function badges_internal._source_column_problems(p_definition jsonb, p_table regclass) returns jsonb stable;
function badges_internal._source_columns(p_definition jsonb) returns TABLE(purpose text, path text, name text, column_name text, place bigint) immutable;
function badges_internal._source_differences(p_is jsonb, p_must_be jsonb) returns jsonb immutable;
function badges_internal._source_erase_fault(p_source text, p_definition jsonb) returns text stable;
function badges_internal._source_erase_function(p_source text, p_definition jsonb) returns text stable;
function badges_internal._source_erase_statement(p_source text, p_definition jsonb) returns text[] stable;
function badges_internal._source_fault(p_source text) returns text stable;
function badges_internal._source_function_statement(p_source text, p_table regclass, p_definition jsonb, p_event text) returns text stable;
function badges_internal._source_grammar() returns jsonb immutable;
function badges_internal._source_hash(p_source text, p_table regclass, p_definition jsonb) returns text stable;
function badges_internal._source_key_columns(p_source text, OUT keys text, OUT joined text, OUT columns text, OUT after text) returns record stable;
function badges_internal._source_key_text(p_table regclass, p_definition jsonb) returns text stable;
function badges_internal._source_mapping(p_table regclass, p_definition jsonb, p_from text, p_more text DEFAULT '') returns text stable;
function badges_internal._source_moment(p_kind text, p_reference text) returns text stable;
function badges_internal._source_only(p_table regclass, p_only jsonb) returns text stable;
function badges_internal._source_organization_problem(p_org_id text) returns jsonb stable;
function badges_internal._source_prefix(p_source text) returns text immutable;
function badges_internal._source_problem(p_is_external boolean) returns text immutable;
function badges_internal._source_problems(p_source text, p_definition jsonb, p_table regclass) returns jsonb stable;
function badges_internal._source_quantity(p_table regclass, p_column text) returns text stable;
function badges_internal._source_removal(p_source text, p_keep regclass) returns text stable;
function badges_internal._source_schema_problem(p_name text) returns text stable;
function badges_internal._source_statement(p_source text, p_table regclass, p_definition jsonb) returns text stable;
function badges_internal._source_table(p_name text) returns regclass stable;
function badges_internal._source_table_problem(p_table regclass) returns text stable;
function badges_internal._source_tree(p_table regclass) returns TABLE(relid oid) stable;
function badges_internal._source_triggers(p_source text) returns TABLE(tgrelid oid, tgname name, event text, is_enabled boolean) stable;
function badges_internal._source_user_problems(p_definition jsonb, p_table regclass) returns jsonb stable;
function badges_internal._source_users(p_definition jsonb) returns regclass stable;
function badges_internal._source_word(p_table regclass, p_given jsonb) returns text stable;
function badges_internal._stale_people(p_peer_mentor_ids uuid[], p_org_ids text[], OUT peer_mentor_ids uuid[], OUT org_ids text[]) returns record volatile;
function badges_internal._stat_definition(p_org_id text, p_stat text) returns badges_internal.stat_definitions stable;
function badges_internal._stat_name(p_selector jsonb) returns text immutable;
function badges_internal._stat_route(p_selector jsonb, p_watched text[], p_time_zone text, p_week_starts text) returns badges_internal.stat_route immutable;
function badges_internal._stat_thresholds(p_measures text[], p_thresholds numeric[]) returns badges_internal.stat_thresholds immutable;
function badges_internal._stat_values(p_held badges.peer_mentor_stats) returns badges_internal.stat_values immutable;
function badges_internal._stats_at_zero(p_org_id text) returns jsonb stable;
function badges_internal._stats_document(p_peer_mentor_id uuid, p_org_id text, p_with_present boolean DEFAULT false) returns jsonb volatile;
function badges_internal._store_elements(p_peer_mentor_id uuid, p_org_id text, p_stats text[], p_buckets text[], p_elements text[]) returns text[] volatile;
function badges_internal._store_units(p_peer_mentor_id uuid, p_org_id text, p_routes badges_internal.stat_route[], p_stats text[], p_placed_stats text[], p_day date) returns text[] volatile;
function badges_internal._stored_elements(p_peer_mentor_id uuid, p_org_id text, p_stat text, p_bucket text, p_selector jsonb) returns jsonb volatile;
function badges_internal._stored_value(p_peer_mentor_id uuid, p_org_id text, p_stat text, p_measure text, p_last_days integer, p_as_of date, OUT value numeric, OUT present numeric, OUT may_fall boolean) returns record volatile;
function badges_internal._streak_details(p_peer_mentor_id uuid, p_milestone badges_internal.milestones, p_selector jsonb, p_unit text, p_as_of date) returns jsonb volatile;
function badges_internal._summed_at(p_peer_mentor_id uuid, p_org_id text, p_types text[], p_route badges_internal.stat_route, p_bucket text, p_from date, p_before timestamp with time zone, p_threshold numeric) returns TABLE(occurred_at timestamp with time zone, activity_id bigint) stable;
function badges_internal._take_denied(p_peer_mentor_id uuid, p_org_ids text[]) returns void volatile;
function badges_internal._take_events(p_consumer text) returns void volatile;
function badges_internal._take_restored_events() returns void volatile;
function badges_internal._tally(p_measure text, p_count bigint, p_sum numeric, p_maximum numeric, p_days bigint) returns numeric immutable;
function badges_internal._tell_by_hand(p_changed badges.earned_badges[], p_event text, p_reason text) returns void volatile;
function badges_internal._tell_conflicts(p_awards badges_internal.dated_award[], p_written badges_internal.dated_award[], p_source text, p_moment timestamp with time zone) returns void volatile;
function badges_internal._tell_set_aside(p_source text, p_reason text) returns void volatile;
function badges_internal._tenure_details(p_peer_mentor_id uuid, p_milestone badges_internal.milestones, p_as_of date) returns jsonb volatile;
function badges_internal._tenure_unit(p_threshold numeric, p_duration interval) returns text immutable;
function badges_internal._tenures(p_peer_mentor_ids uuid[], p_org_ids text[], p_badge_definition_ids text[]) returns TABLE(peer_mentor_id uuid, org_id text, badge_definition_id text, node integer, occurrence integer, due_at timestamp with time zone) volatile;
function badges_internal._text_in(p_texts jsonb, p_language text, p_default text) returns text immutable;
function badges_internal._texts() returns jsonb immutable;
function badges_internal._today_for(p_org_id text, p_as_of date) returns date volatile;
function badges_internal._told_milestone(p_milestone badges_internal.milestones) returns badges_internal.milestones stable;
function badges_internal._told_policy(p_table regclass, p_policy text) returns text stable;
function badges_internal._told_text(p_key text, p_language text, p_places jsonb DEFAULT NULL) returns text stable;
function badges_internal._told_value(p_measure text, p_target numeric, p_value numeric, p_present numeric, p_may_lapse boolean) returns numeric immutable;
function badges_internal._too_many_rows(p_document jsonb, p_sound jsonb) returns jsonb immutable;
function badges_internal._too_many_stats(p_document jsonb, p_sound jsonb) returns jsonb immutable;
function badges_internal._touched_people(p_peer_mentor_ids uuid[], p_org_ids text[], p_counts bigint[], p_activity_ids bigint[], OUT peer_mentor_ids uuid[], OUT org_ids text[]) returns record volatile;
function badges_internal._try_set_aside(p_source text, p_ids bigint[], p_is_late boolean) returns bigint volatile;
function badges_internal._unbroken_until(p_measure text, p_run_end date, p_length integer, p_grace integer, p_calendar jsonb, p_week_starts text, p_earned_on date) returns date immutable;
function badges_internal._undated(p_states badges_internal.condition_state[]) returns badges_internal.condition_state[] immutable;
function badges_internal._unit_day(p_unit text, p_number integer) returns date immutable;
function badges_internal._unit_details(p_peer_mentor_id uuid, p_milestone badges_internal.milestones, p_selector jsonb, p_route badges_internal.stat_route, p_unit text, p_as_of date) returns jsonb volatile;
function badges_internal._unit_end(p_unit text, p_start date) returns date immutable;
function badges_internal._unit_in(p_org_id text, p_unit text) returns text stable;
function badges_internal._unit_key(p_unit text, p_day date) returns text stable;
function badges_internal._unit_number(p_unit text, p_day date) returns integer immutable;
function badges_internal._unit_numbers(p_day date, p_week_origin date) returns integer[] immutable;
function badges_internal._unit_start(p_unit text, p_day date) returns date immutable;
function badges_internal._united_awards(p_from_peer_mentor_id uuid, p_into_peer_mentor_id uuid, p_org_ids text[]) returns SETOF badges.earned_badges stable;
function badges_internal._units_around(p_peer_mentor_id uuid, p_org_id text, p_route badges_internal.stat_route, p_bucket text, p_unit_start date, OUT run_length integer, OUT is_last boolean) returns record volatile;
function badges_internal._unknown_time_zones(p_names text[]) returns text[] stable;
function badges_internal._unknown_word(p_word text, p_known text[], p_before text, p_after text) returns text immutable;
function badges_internal._unpark_events(p_consumer text, p_peer_mentor_ids uuid[], p_now timestamp with time zone) returns void volatile;
function badges_internal._unreachable_numbers(p_document jsonb) returns TABLE(path text, message text) stable;
function badges_internal._unrecorded_types(p_types text[]) returns text[] stable;
function badges_internal._untaken_events(p_consumer text, p_upto pg_snapshot) returns TABLE(peer_mentor_id uuid, event_id bigint, created_at timestamp with time zone) stable;
function badges_internal._untold_problems(p_problems jsonb, p_told jsonb) returns jsonb immutable;
function badges_internal._usable_source_keys(p_source text, p_keys text[]) returns text[] stable;
function badges_internal._validate_activities(p_document jsonb, p_written jsonb) returns jsonb immutable;
function badges_internal._validate_bounds(p_document jsonb, p_written jsonb, p_sound jsonb) returns jsonb immutable;
function badges_internal._validate_choice(p_keys text[], p_value jsonb, p_path text) returns jsonb immutable;
function badges_internal._validate_held_badges(p_document jsonb, p_written jsonb) returns jsonb immutable;
function badges_internal._validate_list(p_spec jsonb, p_value jsonb, p_path text) returns jsonb immutable;
function badges_internal._validate_map(p_spec jsonb, p_value jsonb, p_path text) returns jsonb immutable;
function badges_internal._validate_node(p_node jsonb, p_path text) returns jsonb immutable;
function badges_internal._validate_number(p_node jsonb, p_number jsonb, p_path text) returns jsonb immutable;
function badges_internal._validate_object(p_spec jsonb, p_value jsonb, p_path text) returns jsonb immutable;
function badges_internal._validate_organizations(p_document jsonb, p_written jsonb) returns jsonb stable;
function badges_internal._validate_part_thresholds(p_criteria jsonb, p_thresholds jsonb, p_path text) returns jsonb immutable;
function badges_internal._validate_parts(p_node jsonb, p_path text) returns jsonb immutable;
function badges_internal._validate_raw(p_criteria jsonb, p_path text) returns jsonb volatile;
function badges_internal._validate_rising(p_elements jsonb, p_key text, p_path text) returns jsonb immutable;
function badges_internal._validate_rule(p_spec jsonb, p_rule jsonb, p_value jsonb, p_path text) returns jsonb immutable;
function badges_internal._validate_rule_set(p_document jsonb) returns jsonb volatile;
function badges_internal._validate_scalar(p_spec jsonb, p_value jsonb) returns text immutable;
function badges_internal._validate_span(p_spec jsonb, p_value jsonb, p_path text) returns jsonb immutable;
function badges_internal._validate_thresholds(p_criteria jsonb, p_thresholds jsonb, p_path text) returns jsonb immutable;
function badges_internal._validate_tier_thresholds(p_criteria jsonb, p_thresholds jsonb, p_path text) returns jsonb immutable;
function badges_internal._validate_value(p_kind jsonb, p_value jsonb, p_path text) returns jsonb immutable;
function badges_internal._validate_word(p_spec jsonb, p_value jsonb, p_path text) returns jsonb immutable;
function badges_internal._value_between(p_peer_mentor_id uuid, p_org_id text, p_types text[], p_route badges_internal.stat_route, p_bucket text, p_first_day date, p_last_day date, p_from timestamp with time zone, p_before timestamp with time zone, p_measure text, p_monthly text DEFAULT NULL) returns numeric volatile;
function badges_internal._verify_activities(p_scope badges_internal.verified_scope, p_measures text[], p_kind text) returns SETOF badges_internal.verified_choice stable;
function badges_internal._verify_asked_runs(p_scope badges_internal.verified_scope) returns TABLE(number integer, measure text, unit text, element_unit text, grace integer, week_shift integer, existing_days jsonb) stable;
function badges_internal._verify_award_differences(p_scope badges_internal.verified_scope) returns TABLE(peer_mentor_id uuid, org_id text, badge_definition_id text, tier text, occurrence integer, problem text, stored text, expected text) stable;
function badges_internal._verify_badge_changes(p_scope badges_internal.verified_scope) returns SETOF badges_internal.verified_crossing stable;
function badges_internal._verify_badge_crossings(p_scope badges_internal.verified_scope) returns SETOF badges_internal.verified_crossing stable;
function badges_internal._verify_calendar_units(p_scope badges_internal.verified_scope) returns TABLE(peer_mentor_id uuid, number integer, window_date date, per_value text, measure text, unit_number integer, from_at timestamp with time zone, first_day date) stable;
function badges_internal._verify_capped_choices(p_scope badges_internal.verified_scope) returns SETOF badges_internal.verified_choice stable;
function badges_internal._verify_choices(p_scope badges_internal.verified_scope, p_measures text[]) returns SETOF badges_internal.verified_choice stable;
function badges_internal._verify_clock_reaches(p_clock timestamp without time zone, p_time_zone text) returns timestamp with time zone immutable;
function badges_internal._verify_conditions(p_scope badges_internal.verified_scope) returns TABLE(org_id text, badge_definition_id text, tier text, occurrence integer, condition_node integer, number integer, measure text, threshold numeric, duration interval, badge_ids text[], badge_category text, since_version integer, lapse_measure text, last_days integer) stable;
function badges_internal._verify_count_crossings(p_scope badges_internal.verified_scope) returns SETOF badges_internal.verified_crossing stable;
function badges_internal._verify_day_begins(p_day date, p_time_zone text, p_day_starts time without time zone) returns timestamp with time zone immutable;
function badges_internal._verify_dead_on(p_unit text, p_day date, p_units integer, p_week_shift integer, p_existing jsonb) returns date immutable;
function badges_internal._verify_due_awards(p_scope badges_internal.verified_scope) returns TABLE(peer_mentor_id uuid, org_id text, badge_definition_id text, tier text, occurrence integer, earned_at timestamp with time zone) stable;
function badges_internal._verify_element_changes(p_scope badges_internal.verified_scope, p_measures text[]) returns TABLE(peer_mentor_id uuid, number integer, window_date date, per_value text, element text, changed_at timestamp with time zone, change integer, until_at timestamp with time zone) stable;
function badges_internal._verify_excused_units(p_scope badges_internal.verified_scope) returns TABLE(peer_mentor_id uuid, number integer, units date[]) stable;
function badges_internal._verify_excuses(p_scope badges_internal.verified_scope) returns TABLE(peer_mentor_id uuid, number integer, unit date, excused_at timestamp with time zone) stable;
function badges_internal._verify_existing_days(p_existing jsonb, p_first date, p_last date) returns TABLE(day date, number integer) stable;
function badges_internal._verify_exists(p_existing jsonb, p_day date) returns boolean stable;
function badges_internal._verify_expected_stats(p_scope badges_internal.verified_scope) returns TABLE(peer_mentor_id uuid, org_id text, stat text, bucket text, counted_elements text[], activity_count bigint, value_sum numeric, value_max numeric, has_negative boolean, active_days bigint, distinct_count integer, day_run bigint, week_run bigint, month_run bigint, longest_day_run bigint, longest_week_run bigint, longest_month_run bigint, run_end date, first_at timestamp with time zone, last_at timestamp with time zone, last_date date) stable;
function badges_internal._verify_field(p_attributes jsonb, p_quantity numeric, p_field text) returns jsonb stable;
function badges_internal._verify_is_in_time(p_when jsonb, p_time_zone text, p_occurred_at timestamp with time zone, p_day date) returns boolean stable;
function badges_internal._verify_is_looked_at(p_scope badges_internal.verified_scope, p_peer_mentor_id uuid) returns boolean stable;
function badges_internal._verify_known_selectors() returns void stable;
function badges_internal._verify_last_days_crossings(p_scope badges_internal.verified_scope) returns SETOF badges_internal.verified_crossing stable;
function badges_internal._verify_lasting_crossings(p_scope badges_internal.verified_scope) returns SETOF badges_internal.verified_crossing stable;
function badges_internal._verify_level_crossings(p_scope badges_internal.verified_scope) returns SETOF badges_internal.verified_crossing stable;
function badges_internal._verify_live_crossings(p_scope badges_internal.verified_scope) returns SETOF badges_internal.verified_crossing stable;
function badges_internal._verify_live_run_crossings(p_scope badges_internal.verified_scope) returns SETOF badges_internal.verified_crossing stable;
function badges_internal._verify_live_sequence_crossings(p_scope badges_internal.verified_scope) returns SETOF badges_internal.verified_crossing stable;
function badges_internal._verify_live_units(p_scope badges_internal.verified_scope) returns TABLE(peer_mentor_id uuid, number integer, measure text, grace integer, unit_number integer, first_day date, is_excused boolean, from_at timestamp with time zone, seen_at timestamp with time zone, next_at timestamp with time zone) stable;
function badges_internal._verify_matches(p_value jsonb, p_operator text, p_operands jsonb) returns boolean stable;
function badges_internal._verify_max_crossings(p_scope badges_internal.verified_scope) returns SETOF badges_internal.verified_crossing stable;
function badges_internal._verify_measure(p_milestone badges_internal.milestones) returns text immutable;
function badges_internal._verify_name(p_value jsonb) returns text stable;
function badges_internal._verify_number(p_value jsonb) returns numeric immutable;
function badges_internal._verify_own_units(p_scope badges_internal.verified_scope) returns TABLE(peer_mentor_id uuid, number integer, window_date date, per_value text, measure text, grace integer, unit_number integer, from_at timestamp with time zone, until_at timestamp with time zone, is_excused boolean, first_day date) stable;
function badges_internal._verify_passing(p_tests jsonb, p_attributes jsonb, p_quantity numeric) returns TABLE(passes boolean) stable;
function badges_internal._verify_placed_calendar_units(p_scope badges_internal.verified_scope) returns TABLE(peer_mentor_id uuid, number integer, window_date date, per_value text, measure text, unit_number integer, from_at timestamp with time zone, before_at timestamp with time zone, two_before_at timestamp with time zone, three_before_at timestamp with time zone, run_length bigint) stable;
function badges_internal._verify_placed_units(p_scope badges_internal.verified_scope) returns TABLE(peer_mentor_id uuid, number integer, window_date date, per_value text, measure text, grace integer, unit_number integer, from_at timestamp with time zone, until_at timestamp with time zone, is_excused boolean, before_at timestamp with time zone, two_before_at timestamp with time zone, three_before_at timestamp with time zone, run_length bigint, is_of_unruly_part boolean) stable;
function badges_internal._verify_rolling_choices(p_scope badges_internal.verified_scope, p_measures text[]) returns SETOF badges_internal.verified_choice stable;
function badges_internal._verify_routes(p_scope badges_internal.verified_scope) returns SETOF badges_internal.verified_stat stable;
function badges_internal._verify_run_crossings(p_scope badges_internal.verified_scope) returns SETOF badges_internal.verified_crossing stable;
function badges_internal._verify_run_lengths(p_days date[], p_unit text, p_grace integer, p_week_shift integer, p_existing jsonb, p_excused date[]) returns TABLE(last_run bigint, longest_run bigint) stable;
function badges_internal._verify_scalar_text(p_value jsonb) returns text stable;
function badges_internal._verify_scope(p_peer_mentor_id uuid, p_from uuid, p_to uuid, p_sample double precision) returns badges_internal.verified_scope volatile;
function badges_internal._verify_sequence_choices(p_scope badges_internal.verified_scope) returns SETOF badges_internal.verified_choice stable;
function badges_internal._verify_sequence_differences(p_scope badges_internal.verified_scope) returns TABLE(peer_mentor_id uuid, org_id text, stat text, bucket text, measure text, stored text, expected text) stable;
function badges_internal._verify_sequence_rows(p_scope badges_internal.verified_scope) returns TABLE(peer_mentor_id uuid, org_id text, stat text, bucket text, activity_count bigint, value_sum numeric, value_max numeric, value_last numeric, lately text, has_negative boolean, run_end date, first_at timestamp with time zone, last_at timestamp with time zone) stable;
function badges_internal._verify_stat_differences(p_scope badges_internal.verified_scope) returns TABLE(peer_mentor_id uuid, org_id text, stat text, bucket text, measure text, stored text, expected text) stable;
function badges_internal._verify_tenure_crossings(p_scope badges_internal.verified_scope) returns SETOF badges_internal.verified_crossing stable;
function badges_internal._verify_tests(p_where jsonb) returns jsonb immutable;
function badges_internal._verify_unit_day(p_unit text, p_number integer, p_week_shift integer) returns date immutable;
function badges_internal._verify_unit_number(p_unit text, p_day date, p_week_shift integer) returns integer immutable;
function badges_internal._verify_unit_start(p_unit text, p_day date, p_week_shift integer) returns date immutable;
function badges_internal._verify_units(p_scope badges_internal.verified_scope) returns TABLE(peer_mentor_id uuid, number integer, window_date date, per_value text, measure text, grace integer, unit_number integer, from_at timestamp with time zone, until_at timestamp with time zone, is_excused boolean, first_day date) stable;
function badges_internal._visible_badges() returns text[] stable security definer;
function badges_internal._visible_people() returns uuid[] stable security definer;
function badges_internal._waited_threshold(p_measure text, p_threshold numeric) returns numeric immutable;
function badges_internal._wake_consumers() returns trigger volatile security definer;
function badges_internal._walk_criteria(p_criteria jsonb) returns TABLE(path text, node jsonb, depth integer) immutable;
function badges_internal._wanted_stats(p_kinds badges_internal.activity_kind[], p_stats text[]) returns TABLE(org_id text, activity_type text, stat text, predicate jsonpath, needs_quantity boolean, value_field text, per_field text, window_unit text, element_field text, element_unit text, element_measure text, element_value_field text, element_at_least numeric, has_days boolean, needs_calendar boolean, clock_zone text, rolling_days integer, grace integer, sequence text, qualify jsonpath, qualify_needs_quantity boolean, sequence_size integer, cap_unit text, cap_at numeric, unit_calendar jsonb, excuse jsonpath, excuse_needs_quantity boolean, excuse_types text[]) stable;
function badges_internal._week_unit(p_origin date) returns text immutable;
function badges_internal._why_not(p_peer_mentor_id uuid, p_definition badges.badge_definitions, p_org_id text, p_tier text, p_occurrence integer, p_is_met boolean, p_is_due boolean, p_language text) returns jsonb volatile;
function badges_internal._window_days(p_window_unit text, p_day date) returns TABLE(first_day date, last_day date) immutable;
function badges_internal._window_spans(p_peer_mentor_ids uuid[], p_milestone badges_internal.milestones, p_from timestamp with time zone) returns TABLE(peer_mentor_id uuid, held_during tstzmultirange) volatile;
function badges_internal._with_source_key(p_definition jsonb, p_table regclass) returns jsonb stable;
function badges_internal._write_adopted(p_awards badges_internal.dated_award[]) returns badges_internal.candidate[] volatile;
function badges_internal._write_awards(p_awards badges_internal.dated_award[], p_source text) returns badges_internal.dated_award[] volatile;
function badges_internal._write_lapses(p_changes badges_internal.lapse_change[], p_source text) returns void volatile;
function badges_internal._write_late_days(p_placed badges_internal.late_row[], p_has_looked boolean) returns boolean volatile;
function badges_internal._write_row(p_part badges_internal.changed_part, p_left badges_internal.held_stat) returns boolean volatile;
function badges_internal._write_source_rows(p_source text, p_before badges_internal.source_row[], p_after badges_internal.source_row[]) returns void volatile;
function badges_internal._wrong_number_of(p_spec jsonb, p_number integer) returns text immutable;

-- Row-level security

alter table badges.activities enable row level security;
alter table badges.award_events enable row level security;
alter table badges.badge_definitions enable row level security;
alter table badges.badge_denials enable row level security;
alter table badges.earned_badges enable row level security;
alter table badges.external_ids enable row level security;
alter table badges.org_badge_configs enable row level security;
alter table badges.organizations enable row level security;
alter table badges.peer_mentor_stats enable row level security;
alter table badges.rule_sets enable row level security;
create policy own_rows on badges.activities for select to pgmerit_person using (
((peer_mentor_id = ANY (( SELECT badges_internal._visible_people() AS _visible_people)::uuid[])) AND (((peer_mentor_id = ( SELECT badges_internal._session_person() AS _session_person)) AND (org_id = ANY (( SELECT badges_internal._own_organizations() AS _own_organizations)::text[]))) OR (org_id = ANY (( SELECT badges_internal._administered_organizations() AS _administered_organizations)::text[]))))
);
create policy own_rows on badges.award_events for select to pgmerit_person using (
((peer_mentor_id = ANY (( SELECT badges_internal._visible_people() AS _visible_people)::uuid[])) AND (((peer_mentor_id = ( SELECT badges_internal._session_person() AS _session_person)) AND (org_id = ANY (( SELECT badges_internal._own_organizations() AS _own_organizations)::text[]))) OR (org_id = ANY (( SELECT badges_internal._administered_organizations() AS _administered_organizations)::text[]))))
);
create policy own_rows on badges.badge_definitions for select to pgmerit_person using (
(badge_definition_id = ANY (( SELECT badges_internal._visible_badges() AS _visible_badges)::text[]))
);
create policy own_rows on badges.badge_denials for select to pgmerit_person using (
((badge_definition_id = ANY (( SELECT badges_internal._visible_badges() AS _visible_badges)::text[])) AND (peer_mentor_id = ANY (( SELECT badges_internal._visible_people() AS _visible_people)::uuid[])) AND (((peer_mentor_id = ( SELECT badges_internal._session_person() AS _session_person)) AND (org_id = ANY (( SELECT badges_internal._own_organizations() AS _own_organizations)::text[]))) OR (org_id = ANY (( SELECT badges_internal._administered_organizations() AS _administered_organizations)::text[]))))
);
create policy own_rows on badges.earned_badges for select to pgmerit_person using (
((peer_mentor_id = ANY (( SELECT badges_internal._visible_people() AS _visible_people)::uuid[])) AND (((peer_mentor_id = ( SELECT badges_internal._session_person() AS _session_person)) AND (org_id = ANY (( SELECT badges_internal._own_organizations() AS _own_organizations)::text[]))) OR (org_id = ANY (( SELECT badges_internal._administered_organizations() AS _administered_organizations)::text[]))))
);
create policy own_rows on badges.external_ids for select to pgmerit_person using (
(peer_mentor_id = ( SELECT badges_internal._session_person() AS _session_person))
);
create policy own_rows on badges.org_badge_configs for select to pgmerit_person using (
((badge_definition_id = ANY (( SELECT badges_internal._visible_badges() AS _visible_badges)::text[])) AND ((org_id = ANY (( SELECT badges_internal._own_organizations() AS _own_organizations)::text[])) OR (org_id = ANY (( SELECT badges_internal._administered_organizations() AS _administered_organizations)::text[]))))
);
create policy own_rows on badges.organizations for select to pgmerit_person using (
((org_id = ANY (( SELECT badges_internal._own_organizations() AS _own_organizations)::text[])) OR (org_id = ANY (( SELECT badges_internal._administered_organizations() AS _administered_organizations)::text[])))
);
create policy own_rows on badges.peer_mentor_stats for select to pgmerit_person using (
((peer_mentor_id = ANY (( SELECT badges_internal._visible_people() AS _visible_people)::uuid[])) AND (((peer_mentor_id = ( SELECT badges_internal._session_person() AS _session_person)) AND (org_id = ANY (( SELECT badges_internal._own_organizations() AS _own_organizations)::text[]))) OR (org_id = ANY (( SELECT badges_internal._administered_organizations() AS _administered_organizations)::text[]))))
);
create policy services_read on badges.activities for select to pgmerit_reader using (
true
);
create policy services_read on badges.award_events for select to pgmerit_admin, pgmerit_reader, pgmerit_writer using (
true
);
create policy services_read on badges.badge_definitions for select to pgmerit_admin, pgmerit_reader, pgmerit_writer using (
true
);
create policy services_read on badges.badge_denials for select to pgmerit_admin, pgmerit_reader, pgmerit_writer using (
true
);
create policy services_read on badges.earned_badges for select to pgmerit_admin, pgmerit_reader, pgmerit_writer using (
true
);
create policy services_read on badges.external_ids for select to pgmerit_admin, pgmerit_reader, pgmerit_writer using (
true
);
create policy services_read on badges.org_badge_configs for select to pgmerit_admin, pgmerit_reader, pgmerit_writer using (
true
);
create policy services_read on badges.organizations for select to pgmerit_admin, pgmerit_reader, pgmerit_writer using (
true
);
create policy services_read on badges.peer_mentor_stats for select to pgmerit_admin, pgmerit_reader, pgmerit_writer using (
true
);
create policy services_read on badges.rule_sets for select to pgmerit_admin, pgmerit_reader, pgmerit_writer using (
true
);
create policy services_write on badges.activities for all to pgmerit_admin, pgmerit_writer using (
true
);

-- Else

alter table badges_internal.measured_ahead set unlogged;
create sequence badges_internal.latest_batch;
