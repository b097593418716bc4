-- The transaction of the latest batch that brings people up to date. A writer asks whether it is in
-- progress: the locks that tell as much are listed with those of all sessions. A sequence tells at
-- once, and after a crash it begins anew.
-- depends: 0027_base_rows_by_version

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create unlogged sequence badges_internal.latest_batch;
