-- What applications call their people, and whose data moved to another person.
-- depends: 0019_late_days

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- badges.mentor_id_from gives the uuid of an external id; this is the way back.
create table badges.external_ids (
    peer_mentor_id uuid not null, -- who the external id means now: after a merge the one merged into
    namespace text collate "C" not null,
    external_id text collate "C" not null,
    primary key (peer_mentor_id, namespace, external_id),
    constraint namespace_has_1_to_100_characters check (length(namespace) between 1 and 100),
    constraint external_id_has_1_to_200_characters check (length(external_id) between 1 and 200)
);

create table badges_internal.merged_people (
    peer_mentor_id uuid not null, -- whose data moved
    org_id text collate "C" not null, -- '' = in every organization
    into_peer_mentor_id uuid not null, -- never one that is merged itself
    merged_at timestamptz not null,
    primary key (peer_mentor_id, org_id),
    constraint nobody_is_merged_into_themselves check (peer_mentor_id <> into_peer_mentor_id)
);

create index merged_people_by_into
    on badges_internal.merged_people (into_peer_mentor_id);
