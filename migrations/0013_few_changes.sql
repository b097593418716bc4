-- What a few deleted or changed activities do to a person's rows: types of the routines for it.
-- depends: 0012_verified_stats

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- A deleted activity, or a changed one as it was and as it is.
create type badges_internal.changed_activity as (
    peer_mentor_id uuid,
    org_id text,
    activity_type text,
    activity_date date,
    occurred_at timestamptz,
    quantity numeric,
    attributes jsonb,
    is_new boolean
);

-- What changed activities had, and have now, of one element (value, unit) of a stat.
create type badges_internal.changed_element as (
    element text,
    gone_count bigint,
    gone_sum numeric, -- null = none had a number
    gone_max numeric,
    come_count bigint,
    come_sum numeric,
    come_max numeric
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

-- What changed activities had in one row of the snapshot, and how the row's others are read.
create type badges_internal.changed_part as (
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
    gone_count bigint,
    gone_sum numeric,
    gone_max numeric,
    come_count bigint,
    come_sum numeric,
    come_max numeric,
    value_min numeric, -- of what is summed, elements included
    is_in_place boolean, -- as many have come as are gone, at the same moments and days
    first_at timestamptz, -- of those that are gone
    last_at timestamptz,
    days date [],
    elements badges_internal.changed_element []
);
