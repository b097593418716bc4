-- Has the triggers count nothing of what this transaction does to the activities of people.
--
-- The base row's version -1 says so. The caller holds the base rows, and drops or rebuilds these
-- people's stats afterwards.
--
-- Writes: badges.peer_mentor_stats.
create or replace function badges_internal._mark_uncounted(
    p_peer_mentor_ids uuid[],
    p_org_ids text[]
)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
    update badges.peer_mentor_stats as held
    set rule_set_version = -1
    where held.peer_mentor_id = any(p_peer_mentor_ids)
    and held.org_id = any(p_org_ids)
    and held.stat = '*'
    and held.bucket = '';
$$;

comment on function badges_internal._mark_uncounted(uuid[], text[]) is
'Has the triggers count nothing of what this transaction does to the activities of people.';
