set local lock_timeout = '5s';
set local statement_timeout = '60s';

drop table badges_internal.merged_people;
drop table badges.external_ids;
