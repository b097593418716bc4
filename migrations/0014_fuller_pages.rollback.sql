set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table badges_internal.stat_elements set (fillfactor = 70);
alter table badges.peer_mentor_stats set (fillfactor = 70);
