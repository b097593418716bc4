set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter type badges_internal.short_result drop attribute reached_stats;
