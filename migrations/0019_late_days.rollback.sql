set local lock_timeout = '5s';
set local statement_timeout = '60s';

drop type badges_internal.late_row;
