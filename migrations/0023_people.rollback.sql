set local lock_timeout = '5s';
set local statement_timeout = '60s';

drop type badges_internal.person_row;
drop table badges_internal.erasure_receipts;
