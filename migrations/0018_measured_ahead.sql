-- What a backfill measures of many people in one pass, before it comes to them.
-- depends: 0017_dated_in_the_fold

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- A row a part of a stat; one that counts nothing where the stat chose nothing of a person. Only a
-- saving of work: a row is true as long as the transaction that last wrote the person's base row is
-- still the same.
create unlogged table badges_internal.measured_ahead (
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
    first_at timestamptz,
    last_at timestamptz,
    place bigint, -- of the activity that the next two are of, null = of none
    reached_at timestamptz,
    reached_id bigint,
    primary key (peer_mentor_id, org_id, stat, bucket)
);
