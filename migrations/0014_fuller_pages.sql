-- Room for updates in place: a tenth of a page is enough, since each look at a page frees what died.
-- depends: 0013_few_changes

set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table badges.peer_mentor_stats set (fillfactor = 90);
alter table badges_internal.stat_elements set (fillfactor = 90);
