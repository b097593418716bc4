set local lock_timeout = '5s';
set local statement_timeout = '60s';

drop type badges_internal.verified_part;
drop type badges_internal.verified_crossing;
drop type badges_internal.verified_choice;
drop type badges_internal.verified_scope;
drop type badges_internal.verified_stat;
