-- Gives every condition of every badge that can be awarded, one milestone each.
--
-- condition_node is null where the milestone decides alone, number where no stat is measured.
-- Badges decided by a raw expression are left out. since_version is that of the youngest condition
-- of the whole badge. Its plan is kept: a verification asks a dozen times, and no people are read.
create or replace function badges_internal._verify_conditions(
    p_scope badges_internal.verified_scope
)
returns table (
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    condition_node integer,
    number integer,
    measure text,
    threshold numeric,
    duration interval,
    badge_ids text[],
    badge_category text,
    since_version integer,
    lapse_measure text,
    last_days integer
)
language sql
stable
parallel safe
rows 100
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
begin atomic
    select
        milestone.org_id,
        milestone.badge_definition_id,
        milestone.tier,
        milestone.occurrence,
        case when milestone.parent is not null then milestone.node end,
        stat.number,
        case
            when milestone.lapse_measure = 'max' and stat.sequence is not null then 'live_sequence'
            else badges_internal._verify_measure(milestone)
        end,
        milestone.threshold,
        milestone.duration,
        milestone.badge_ids,
        milestone.badge_category,
        max(milestone.since_version) over (
            partition by
                milestone.org_id,
                milestone.badge_definition_id,
                milestone.tier,
                milestone.occurrence
        ),
        milestone.lapse_measure,
        milestone.last_days
    from badges_internal.milestones as milestone
    inner join badges.organizations as organization
        on organization.org_id = milestone.org_id
        and organization.is_active
    inner join badges.badge_definitions as definition
        on definition.badge_definition_id = milestone.badge_definition_id
        and definition.is_active
    left join unnest((p_scope).stats) as stat
        on stat.org_id = milestone.org_id
        and stat.stat = milestone.stat
    where milestone.measure <> 'raw'
    and not exists (
        select
        from badges.org_badge_configs as config
        where config.org_id = milestone.org_id
        and config.badge_definition_id = milestone.badge_definition_id
        and not config.is_enabled
    );
end;

comment on function badges_internal._verify_conditions(badges_internal.verified_scope) is
'Gives every condition of every badge that can be awarded, one milestone each.';
