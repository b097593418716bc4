-- What a verification reads the activities by.
-- depends: 0011_what_a_version_changes

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create type badges_internal.verified_stat as (
    number integer, -- stands for (org_id, stat)
    org_id text,
    stat text,
    activity_type text, -- null = none that the looked at people have activities of
    measures text[], -- that some rule asks for
    is_dated boolean, -- the snapshot keeps days and runs
    since_version integer,
    test_field text, -- nearly every where has one test
    test_operator text,
    test_operands jsonb,
    other_tests jsonb, -- null = no more of them
    chosen_when jsonb,
    time_zone text,
    value_field text,
    per_field text,
    window_unit text,
    rolling_days integer,
    element_field text, -- whose values are counted
    element_unit text, -- day, week or month of a streak with units of its own
    element_measure text,
    element_value_field text,
    element_at_least numeric,
    element_target numeric,
    grace integer
);

create type badges_internal.verified_scope as (
    first_person uuid,
    last_person uuid, -- included
    sample double precision, -- share of the people, null = all
    stats badges_internal.verified_stat[], -- one of each number
    routes badges_internal.verified_stat[] -- one of each activity type
);

create type badges_internal.verified_choice as (
    peer_mentor_id uuid,
    number integer,
    is_dated boolean,
    element_measure text,
    element_target numeric,
    rolling_days integer,
    window_date date, -- -infinity = no window
    per_value text, -- '' = not apart
    occurred_at timestamptz,
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
    changed_at timestamptz,
    change integer -- 1 = the condition holds from this moment on, -1 = no longer
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
    first_at timestamptz,
    last_at timestamptz,
    last_date date
);
