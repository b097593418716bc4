set local lock_timeout = '5s';
set local statement_timeout = '600s';

drop index badges.peer_mentor_stats_base_rows;
-- squawk-ignore require-concurrent-index-creation
create index peer_mentor_stats_base_rows
on badges.peer_mentor_stats (org_id, rule_set_version, peer_mentor_id)
where stat = '*';
