set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter type badges_internal.late_row drop attribute place;

alter table badges_internal.activity_routes drop column late_is_simple;
