-- Who takes events, what waits for them and what became of it; alerts, verifications, awards shown.
-- depends: 0004_bounded_keys

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table badges_internal.event_consumers (
    consumer text collate "C" primary key,
    event_types text [], -- null = all, here and in the next two
    org_ids text [],
    badge_definition_ids text [],
    with_silent boolean not null, -- also what is not delivered by default
    events_since timestamptz not null, -- events created before are passed over
    -- Events of the transactions visible in it have been looked at.
    taken_upto pg_snapshot not null,
    -- What tells taken from new after a restore into another cluster, whose transactions are
    -- numbered anew: the cluster, and the last event_id given when taken_upto was noted.
    system_identifier bigint not null,
    last_event_id bigint not null,
    created_at timestamptz not null,
    disabled_at timestamptz,
    disabled_reason text,
    constraint disabled_at_and_disabled_reason_come_together
        check ((disabled_at is null) = (disabled_reason is null))
) with (fillfactor = 50);

-- One row a consumer and event that is not settled; a dead letter stays.
create table badges_internal.event_queue (
    peer_mentor_id uuid not null,
    consumer text collate "C" not null,
    event_id bigint not null,
    attempts integer not null default 0,
    -- May be claimed from then on; of a leased one, the lease's end; of a dead one infinity.
    due_at timestamptz not null,
    is_parked boolean not null default false, -- due_at is that of an earlier event of the person
    leased_until timestamptz, -- null = with nobody
    dead_at timestamptz, -- null = alive
    last_status integer,
    last_error text,
    primary key (peer_mentor_id, consumer, event_id),
    constraint what_is_dead_is_never_due check ((dead_at is null) = (due_at < 'infinity'))
) with (
    fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000
);

create type badges_internal.queued_event as (
    peer_mentor_id uuid,
    event_id bigint,
    due_at timestamptz,
    row_id tid -- good as long as the statement, or the row's lock
);

create index event_queue_by_turn on badges_internal.event_queue (consumer, due_at, event_id);
create index event_queue_by_event on badges_internal.event_queue (consumer, event_id);

create table badges_internal.event_progress (
    consumer text collate "C" primary key,
    last_done_at timestamptz
) with (fillfactor = 50);

create table badges_internal.delivery_attempts (
    peer_mentor_id uuid not null,
    consumer text collate "C" not null,
    event_id bigint not null,
    attempt integer not null,
    attempted_at timestamptz not null,
    outcome text not null,
    status integer, -- what an HTTP endpoint answered
    error text,
    milliseconds integer,
    primary key (peer_mentor_id, consumer, event_id, attempted_at),
    constraint outcome_is_known check (outcome in ('done', 'retry', 'dead'))
);

create index delivery_attempts_by_moment on badges_internal.delivery_attempts (attempted_at);

create table badges_internal.alerts (
    alert text collate "C" not null,
    subject text collate "C" not null,
    raised_at timestamptz not null,
    cleared_at timestamptz, -- null = open
    primary key (alert, subject)
);

create table badges_internal.verifications (
    verification_id bigint generated always as identity primary key,
    verified_at timestamptz not null,
    differences bigint not null,
    people_waiting bigint not null,
    milliseconds bigint not null,
    scope text not null
);

-- When an application showed the award. What was awarded before counts as shown.
alter table badges.earned_badges add column seen_at timestamptz default now();
-- The default was there to fill what exists without writing it.
-- squawk-ignore ban-drop-default
alter table badges.earned_badges alter column seen_at drop default;
