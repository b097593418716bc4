-- What one activity does to a person, whatever the rules ask: the single path's own types.
-- depends: 0006_outbox

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- The snapshot is written by the engine alone, and verification tells what is wrong there; a check
-- is read from text and prepared anew by every statement.
alter table badges.peer_mentor_stats
    -- squawk-ignore ban-drop-constraint
    drop constraint activity_count_is_not_negative,
    -- squawk-ignore ban-drop-constraint
    drop constraint active_days_are_not_more_than_activities,
    -- squawk-ignore ban-drop-constraint
    drop constraint distinct_count_is_not_negative;

-- The routine that gives it is replaced.
-- squawk-ignore ban-drop-type
drop type badges_internal.short_result cascade;

-- One counted activity that leaves something to do.
create type badges_internal.counted_activity as (
    peer_mentor_id uuid,
    org_id text,
    occurred_at timestamptz,
    activity_id bigint,
    is_stale boolean, -- the person is of another version, or counted elsewhere: rebuild
    is_late boolean, -- something of the person is newer by the clock
    is_falling boolean, -- a negative value that is not the person's newest
    has_looked boolean, -- the person's other activities were read
    candidates badges_internal.candidate[],
    stats text[], -- every stat that chose it
    buckets text[] -- its part of each
);

-- One stat that chose an activity, with what it reads there.
create type badges_internal.stat_reading as (
    route badges_internal.stat_route,
    bucket text,
    measured numeric,
    element text,
    element_measured numeric
);

-- Whom a statement of many rows folds, and who was rebuilt before it.
create type badges_internal.begun_fold as (
    peer_mentor_ids uuid[],
    org_ids text[],
    stale_people uuid[],
    stale_orgs text[],
    candidates badges_internal.candidate[]
);
