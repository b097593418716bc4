set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table badges_internal.activity_routes
    add column has_revocable boolean not null default false;
alter type badges_internal.fold_result drop attribute fallen_people;
alter type badges_internal.short_result drop attribute previous_at;
alter table badges.peer_mentor_stats
    drop column counted_in,
    drop column counted_upto;
drop table badges_internal.rule_gate;
