set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- With the triggers on the tables of applications, which then stand alone again.
drop schema badges_sources cascade;
drop table badges_internal.source_rows_set_aside;
drop table badges_internal.sources;
drop type badges_internal.source_row;
