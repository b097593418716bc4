set local lock_timeout = '5s';
set local statement_timeout = '60s';

drop table badges_internal.stat_changes;
drop index badges.earned_badges_taken_by_rules;
