set local lock_timeout = '5s';
set local statement_timeout = '60s';

drop type badges_internal.changed_activity cascade;
drop type badges_internal.changed_part cascade;
drop type badges_internal.changed_element cascade;
drop type badges_internal.held_stat cascade;
