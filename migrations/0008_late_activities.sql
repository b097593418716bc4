-- What a late activity carries to those who place its day and date what it moved.
-- depends: 0007_single_path

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- An activity older than the person's last one, with the rows of the snapshot that it counts in.
create type badges_internal.late_activity as (
    peer_mentor_id uuid,
    org_id text,
    occurred_at timestamptz,
    activity_id bigint,
    activity_date date,
    activity_type text,
    quantity numeric,
    attributes jsonb,
    stats text[], -- each stat that chose it, base stats too
    buckets text[] -- its part in each of them, '' = the lifetime
);

alter type badges_internal.counted_activity
    add attribute late badges_internal.late_activity, -- null = it is the person's newest
    add attribute is_only_late boolean; -- nothing else is left to do
