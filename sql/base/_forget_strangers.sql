-- Drops the base rows of those of the given people who have no activities.
--
-- Such a row is a lock that was taken of somebody who was erased or merged meanwhile, or of whom
-- only awards are kept. The caller holds the base rows.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._forget_strangers(
    p_peer_mentor_ids uuid[],
    p_org_ids text[]
)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
    delete from badges.peer_mentor_stats as held
    using unnest(p_peer_mentor_ids, p_org_ids) as person (peer_mentor_id, org_id)
    where held.peer_mentor_id = person.peer_mentor_id
    and held.org_id = person.org_id
    and held.stat = '*'
    and held.bucket = ''
    and held.activity_count = 0;
$$;

comment on function badges_internal._forget_strangers(uuid[], text[]) is
'Drops the base rows of those of the given people who have no activities.';
