set local lock_timeout = '5s';
set local statement_timeout = '60s';

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
