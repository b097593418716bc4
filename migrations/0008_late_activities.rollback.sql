set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter type badges_internal.counted_activity drop attribute late, drop attribute is_only_late;
drop type badges_internal.late_activity;
