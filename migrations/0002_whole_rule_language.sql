-- What the whole rule language and the life of rule sets need.
-- depends: 0001_tables

set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter type badges.criteria_type add value 'tenure' before 'manual';

alter type badges_internal.stat_route
    add attribute needs_calendar boolean, -- the predicate names $date and its kin
    add attribute clock_zone text, -- the predicate names $minute: the zone it is read in
    add attribute rolling_days integer, -- windows of so many local days, null = none
    add attribute grace integer; -- units in succession that a run may pass over

-- When time alone may bring a person a badge: the next tenure that falls due.
create table badges_internal.due_people (
    peer_mentor_id uuid not null,
    org_id text collate "C" not null,
    next_due_at timestamptz, -- null = nothing waits
    seen_until timestamptz, -- the latest moment award_due_badges looked at
    primary key (peer_mentor_id, org_id)
);

create index due_people_by_moment on badges_internal.due_people (next_due_at);

-- The places of badges with a limit, each tier apart. Written when a place is claimed.
create table badges_internal.badge_places (
    org_id text collate "C" not null references badges.organizations,
    badge_definition_id text collate "C" not null references badges.badge_definitions,
    tier text collate "C" not null,
    places integer not null,
    claimed integer not null default 0, -- given by rules so far; revocation moves none
    primary key (org_id, badge_definition_id, tier),
    constraint places_are_positive check (places > 0),
    constraint claimed_is_not_negative check (claimed >= 0)
);

-- Whom a backfill found worthy of a place; places are handed out when everybody was looked at.
create table badges_internal.place_claims (
    peer_mentor_id uuid not null,
    org_id text collate "C" not null,
    badge_definition_id text collate "C" not null,
    tier text collate "C" not null,
    earned_at timestamptz not null,
    primary key (peer_mentor_id, org_id, badge_definition_id, tier)
);

alter table badges_internal.activity_routes
    -- What some badge of the organization asks for; where none does, no statement looks for it.
    add column has_tenure boolean not null default false,
    add column has_rolling boolean not null default false,
    add column has_revocable boolean not null default false;

alter table badges.organizations
    add column previous_time_zone text; -- until everybody's days are rewritten; else null

alter table badges.badge_definitions
    add column place_limit integer; -- limit: {first: N}, null = none

alter table badges.rule_sets
    add column origin text not null default 'apply'; -- what made it: apply, rollback, configure, rezone

-- The compiled rules are a small table: its constraint and index are made at once.
alter table badges_internal.milestones
    add column duration interval, -- tenure: after the first local day
    -- squawk-ignore ban-drop-constraint
    drop constraint measure_is_known,
    add constraint measure_is_known check (measure in (
        'count', 'sum', 'max', 'active_days', 'distinct',
        'day_run', 'week_run', 'month_run', 'tenure', 'badges', 'raw'
    )) not valid;

-- squawk-ignore constraint-missing-not-valid
alter table badges_internal.milestones validate constraint measure_is_known;

-- Found by organization, not by a crossing.
-- squawk-ignore require-concurrent-index-creation
create index milestones_without_crossing
    on badges_internal.milestones (org_id, measure)
    where measure in ('tenure', 'badges', 'raw');

comment on view badges.mentor_activity_totals is
'The base stats by name, for people who just want counts.';
