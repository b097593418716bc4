-- Compares the awards with those that the activities and the held badges call for.
--
-- A revoked award and a denial answer for an award. What a person still waits for (rules younger
-- than its base row) is left out, and a date is judged only where the award was made under the very
-- condition of today: a rule change moves no award.
create or replace function badges_internal._verify_award_differences(p_people uuid[])
returns table (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    problem text,
    stored text,
    expected text
)
language sql
stable
parallel safe
begin atomic
    with badge_conditions as (
        select distinct on (
            condition.org_id, condition.badge_definition_id, condition.tier, condition.occurrence
        )
            condition.org_id,
            condition.badge_definition_id,
            condition.tier,
            condition.occurrence,
            condition.since_version,
            case when condition.condition_node is null then condition.threshold end as threshold
        from badges_internal._verify_conditions() as condition
    )
    select
        due.peer_mentor_id,
        due.org_id,
        due.badge_definition_id,
        due.tier,
        due.occurrence,
        case when award.earned_at is null then 'missing' else 'date_too_late' end,
        award.earned_at::text,
        due.earned_at::text
    from badges_internal._verify_due_awards(p_people) as due
    inner join badge_conditions as condition
        using (org_id, badge_definition_id, tier, occurrence)
    left join badges.earned_badges as award
        using (peer_mentor_id, badge_definition_id, org_id, tier, occurrence)
    left join badges.peer_mentor_stats as base
        on base.peer_mentor_id = due.peer_mentor_id
        and base.org_id = due.org_id
        and base.stat = '*'
        and base.bucket = ''
    where case
        when award.earned_at is null then
            (base.stat is null or condition.since_version <= coalesce(base.rule_set_version, 0))
            and not exists (
                select
                from badges.badge_denials as denial
                where denial.peer_mentor_id = due.peer_mentor_id
                and denial.org_id = due.org_id
                and denial.badge_definition_id = due.badge_definition_id
                and denial.tier in ('', due.tier)
            )
        else
            award.revoked_at is null
            and award.source in ('rule', 'backfill', 'sweep')
            and award.earned_at > due.earned_at
            and award.rule_set_version >= condition.since_version
            and (condition.threshold is null or award.threshold = condition.threshold)
            -- What a counting badge counts changes with every version.
            and (
                award.rule_set_version = (
                    select organization.rule_set_version
                    from badges.organizations as organization
                    where organization.org_id = due.org_id
                )
                or not exists (
                    select
                    from badges_internal.milestones as milestone
                    where milestone.org_id = due.org_id
                    and milestone.badge_definition_id = due.badge_definition_id
                    and milestone.measure = 'badges'
                )
            )
    end;
end;

comment on function badges_internal._verify_award_differences(uuid[]) is
'Compares the awards with those that the activities and the held badges call for.';
