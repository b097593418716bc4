set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter type badges_internal.fold_result drop attribute states;
