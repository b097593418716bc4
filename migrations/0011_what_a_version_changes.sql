-- What a version changes, found without looking at everything: stats, and awards that rules took.
-- depends: 0010_thresholds

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- A row a stat that some version has asked for, also when none does any more.
create table badges_internal.stat_changes (
    org_id text collate "C" not null,
    stat text collate "C" not null,
    first_version integer not null, -- that asked for the stat; 0 = one before this table
    version integer not null,
    primary key (org_id, stat)
);

-- Who waits for the present version has all of it to take up.
insert into badges_internal.stat_changes (org_id, stat, first_version, version)
select organization.org_id, asked.stat, 0, organization.rule_set_version
from badges.organizations as organization
cross join lateral (
    select milestone.stat
    from badges_internal.milestones as milestone
    where milestone.org_id = organization.org_id
    and milestone.stat is not null
    union
    select held.stat
    from badges.peer_mentor_stats as held
    where held.org_id = organization.org_id
    and exists (
        select
        from badges.peer_mentor_stats as base
        where base.org_id = organization.org_id
        and base.stat = '*'
        and base.rule_set_version < organization.rule_set_version
    )
    union
    select element.stat
    from badges_internal.stat_elements as element
    where element.org_id = organization.org_id
    and exists (
        select
        from badges.peer_mentor_stats as base
        where base.org_id = organization.org_id
        and base.stat = '*'
        and base.rule_set_version < organization.rule_set_version
    )
) as asked;

-- squawk-ignore require-concurrent-index-creation
create index earned_badges_taken_by_rules on badges.earned_badges (org_id, badge_definition_id)
where revoked_by = 'rule';
