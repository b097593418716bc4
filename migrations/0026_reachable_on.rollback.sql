set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table badges_internal.due_people drop column reachable_on;
