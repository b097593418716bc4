-- What a row of the snapshot waits for next, and what an award notes of the rules, is told by the
-- milestone that was crossed: two looks at other tables less an award.
-- depends: 0031_simple_late_activities

set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table badges_internal.milestones
    -- The lowest threshold above its own of the same measure of the stat, whole for whole measures.
    add column next_threshold numeric,
    -- What compiled it last.
    add column rule_set text collate "C",
    add column rule_set_version integer;

update badges_internal.milestones as milestone
set
    next_threshold = following.next_threshold,
    rule_set = following.rule_set,
    rule_set_version = following.rule_set_version
from (
    select
        org_id, badge_definition_id, tier, occurrence, node, organization.rule_set,
        organization.rule_set_version,
        first_value(waited) over (
            partition by org_id, stat, measure
            order by waited
            groups between 1 following and 1 following
        ) as next_threshold
    from badges_internal.milestones
    join badges.organizations as organization using (org_id)
    cross join lateral (
        select case
            when measure in ('sum', 'max') then threshold
            else least(ceil(threshold), 2147483647)
        end as waited
    ) as rounded
) as following
where (
    milestone.org_id, milestone.badge_definition_id, milestone.tier, milestone.occurrence,
    milestone.node
) = (
    following.org_id, following.badge_definition_id, following.tier, following.occurrence,
    following.node
);

-- A composed badge itself was taken for a threshold: the highest there is, of all activities.
update badges_internal.stat_definitions as defined
set thresholds.activity_count
    = nullif(array_remove((defined.thresholds).activity_count, 2147483647), '{}')
where defined.stat = '*'
and 2147483647 = any((defined.thresholds).activity_count)
and not exists (
    select
    from badges_internal.milestones as known
    where known.org_id = defined.org_id
    and known.stat = '*'
    and known.measure = 'count'
    and known.threshold > 2147483646
);
