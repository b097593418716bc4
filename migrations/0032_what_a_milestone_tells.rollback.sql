set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table badges_internal.milestones
    drop column next_threshold,
    drop column rule_set,
    drop column rule_set_version;
