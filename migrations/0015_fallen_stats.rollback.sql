set local lock_timeout = '5s';
set local statement_timeout = '60s';

drop index badges.peer_mentor_stats_fallen;
