-- Only who looks for base rows by version finds this index: without statistics it was taken, too,
-- where the person is known, and read the base rows of everybody.
-- depends: 0026_reachable_on

set local lock_timeout = '5s';
set local statement_timeout = '600s';

-- One pass over a table that the upgrade holds anyway.
-- squawk-ignore require-concurrent-index-deletion
drop index badges.peer_mentor_stats_base_rows;
-- squawk-ignore require-concurrent-index-creation
create index peer_mentor_stats_base_rows
on badges.peer_mentor_stats (org_id, rule_set_version, peer_mentor_id)
where rule_set_version is not null;
