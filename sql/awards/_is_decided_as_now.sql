-- Tells whether an award was decided by the rule as it is: then its date follows the activities.
--
-- A rule change moves no award that exists; another tier's or occurrence's is none. What a counting
-- badge counts changes with every version.
create or replace function badges_internal._is_decided_as_now(
    p_award badges.earned_badges,
    p_threshold numeric
)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return p_award.source in ('rule', 'backfill', 'sweep')
        and p_award.threshold is not distinct from p_threshold
        and not exists (
            select
            from badges_internal.milestones as milestone
            join badges.organizations as organization on organization.org_id = milestone.org_id
            where milestone.org_id = p_award.org_id
            and milestone.badge_definition_id = p_award.badge_definition_id
            and milestone.tier = p_award.tier
            and milestone.occurrence = p_award.occurrence
            and p_award.rule_set_version < case
                when milestone.measure = 'badges' then organization.rule_set_version
                else milestone.since_version
            end
        );
end;
$$;

comment on function badges_internal._is_decided_as_now(badges.earned_badges, numeric) is
'Tells whether an award was decided by the rule as it is: then its date follows the activities.';
