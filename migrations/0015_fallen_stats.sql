-- A late activity asks whether a value of its person ever fell; a person may have many rows.
-- depends: 0014_fuller_pages

set local lock_timeout = '5s';
set local statement_timeout = '600s';

-- One pass over a table that the upgrade holds anyway; few rows are in it.
-- squawk-ignore require-concurrent-index-creation
create index peer_mentor_stats_fallen on badges.peer_mentor_stats (peer_mentor_id, org_id)
where has_negative;
