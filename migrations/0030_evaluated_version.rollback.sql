set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table badges.organizations drop column evaluated_version;
