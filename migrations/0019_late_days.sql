-- A row of the snapshot to which days before its last one are added.
-- depends: 0018_measured_ahead

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create type badges_internal.late_row as (
    peer_mentor_id uuid,
    org_id text,
    stat text,
    bucket text,
    last_date date,
    run_end date,
    runs integer[], -- by day, week, month, as they stand; null = not kept
    dates date[], -- of activities; then those of them that are new
    counts bigint[], -- of activities on each
    new_runs integer[], -- the run at the end, null = as it was
    longest_runs integer[] -- the longest that one of the days is in, null = none
);
