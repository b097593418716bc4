-- The version by which everybody was evaluated last. Who holds awards and has no row of the
-- snapshot stands at it: a row that begins while a newer version is under way is of it.
-- depends: 0029_who_decides_alone

set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table badges.organizations
    add column evaluated_version integer not null default 0;

update badges.organizations as organization
set evaluated_version = coalesce(
    (
        select min(waiting.rule_set_version)
        from badges.peer_mentor_stats as waiting
        where waiting.org_id = organization.org_id
        and waiting.rule_set_version < organization.rule_set_version
    ),
    organization.rule_set_version
);
