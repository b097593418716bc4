-- What a few deleted activities take away from a person's rows: types of the routines that do it.
-- depends: 0010_thresholds

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- A deleted activity, or a changed one as it was.
create type badges_internal.gone_activity as (
    peer_mentor_id uuid,
    org_id text,
    activity_type text,
    activity_date date,
    occurred_at timestamptz,
    quantity numeric,
    attributes jsonb
);

-- What the gone activities had of one element (value, unit) of a stat.
create type badges_internal.gone_element as (
    element text,
    value jsonb, -- of the attribute; null for units
    activity_count bigint,
    value_sum numeric, -- null = none had a number
    value_max numeric
);

-- What a row of the snapshot holds; runs by day, week and month.
create type badges_internal.held_stat as (
    activity_count bigint,
    value_sum numeric,
    value_max numeric,
    has_negative boolean,
    active_days integer,
    distinct_count integer,
    runs integer [], -- those that end last
    longest_runs integer [],
    run_end date,
    first_at timestamptz,
    last_at timestamptz,
    last_date date
);

-- What the gone activities had in one row of the snapshot, and how the row's others are read.
create type badges_internal.gone_part as (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    types text [], -- null = all
    route badges_internal.stat_route,
    thresholds badges_internal.stat_thresholds,
    held badges_internal.held_stat, -- null = there is no such row
    first_day date, -- of the calendar window, null = a lifetime
    last_day date,
    pending bigint [], -- activities that are in the table and not counted yet, null = none
    activity_count bigint,
    value_sum numeric,
    value_max numeric,
    value_min numeric, -- of what is summed, elements included
    first_at timestamptz,
    last_at timestamptz,
    days date [],
    elements badges_internal.gone_element []
);
