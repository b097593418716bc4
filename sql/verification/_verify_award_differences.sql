-- Compares the awards with those that the activities and the held badges call for.
--
-- What a person took back or denied is not owed, nor is a limited badge when its places are full or
-- a backfill has yet to hand them out. What a person still waits for (rules younger than its base
-- row) is left out, and a date is judged only where the award was made under the very condition of
-- today: a rule change moves no award.
create or replace function badges_internal._verify_award_differences(
    p_scope badges_internal.verified_scope
)
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
    with badge_conditions as materialized (
        select
            condition.org_id, condition.badge_definition_id, condition.tier, condition.occurrence,
            definition.on_unmet in ('revoke', 'lapse') as is_revocable,
            definition.on_unmet = 'lapse' as is_lapsing,
            max(condition.since_version) as since_version,
            min(condition.threshold) filter (where condition.condition_node is null) as threshold,
            bool_or(condition.measure = 'badges') as is_counting
        from badges_internal._verify_conditions(p_scope) as condition
        inner join badges.badge_definitions as definition using (badge_definition_id)
        group by
            condition.org_id, condition.badge_definition_id, condition.tier, condition.occurrence,
            definition.on_unmet
    ), revocable_badges as (
        select distinct condition.org_id, condition.badge_definition_id
        from badge_conditions as condition
        where condition.is_revocable
    ), awards as (
        select award.*, award.source in ('rule', 'backfill', 'sweep') as is_by_rule
        from badges.earned_badges as award
        where badges_internal._verify_is_looked_at(p_scope, award.peer_mentor_id)
    ), judged as (
        select
            peer_mentor_id,
            org_id,
            badge_definition_id,
            tier,
            occurrence,
            award.earned_at as stored_at,
            due.earned_at as due_at,
            award.revoked_at is not null as is_revoked,
            organization.evaluated_version = organization.rule_set_version as is_evaluated,
            -- A tier or occurrence that the rule has no more waits for the newest version.
            coalesce(condition.since_version, organization.rule_set_version) as since_version,
            condition.is_lapsing and not condition.is_counting
                or not condition.is_lapsing
                and award.rule_set_version >= condition.since_version
                and (condition.threshold is null or award.threshold = condition.threshold)
                -- What a counting badge counts changes with every version.
                and (
                    not condition.is_counting
                    or award.rule_set_version = organization.rule_set_version
                ) as is_decided_as_now,
            case
                when award.earned_at is null then 'missing'
                when not award.is_by_rule or award.revoked_by = 'person' then null
                when award.revoked_at is not null then
                    case when due.earned_at is not null then 'missing' end
                when due.earned_at is null then
                    case when revocable.org_id is not null then 'unsupported' end
                when award.earned_at > due.earned_at then 'date_too_late'
                when award.earned_at < due.earned_at and revocable.org_id is not null
                    then 'date_too_early'
            end as problem
        from badges_internal._verify_due_awards(p_scope) as due
        full join awards as award
            using (peer_mentor_id, org_id, badge_definition_id, tier, occurrence)
        inner join badges.organizations as organization using (org_id)
        left join badge_conditions as condition
            using (org_id, badge_definition_id, tier, occurrence)
        left join revocable_badges as revocable using (org_id, badge_definition_id)
    )
    select
        judged.peer_mentor_id,
        judged.org_id,
        judged.badge_definition_id,
        judged.tier,
        judged.occurrence,
        judged.problem,
        case when judged.is_revoked then 'revoked' else judged.stored_at::text end,
        judged.due_at::text
    from judged
    left join badges.peer_mentor_stats as base
        on badges_internal._verify_is_looked_at(p_scope, base.peer_mentor_id)
        and base.peer_mentor_id = judged.peer_mentor_id
        and base.org_id = judged.org_id
        and base.stat = '*'
        and base.bucket = ''
    left join badges_internal.badge_places as place
        on place.org_id = judged.org_id
        and place.badge_definition_id = judged.badge_definition_id
        and place.tier = judged.tier
    where judged.problem is not null
    and case
        when judged.problem in ('date_too_late', 'date_too_early') then judged.is_decided_as_now
        when base.stat is not null
            then judged.since_version <= coalesce(base.rule_set_version, 0)
        -- Who has awards but no activities is evaluated when a backfill has seen everybody else.
        else judged.is_evaluated
    end
    and (judged.problem <> 'missing' or not exists (
        select
        from badges.badge_denials as denial
        where denial.peer_mentor_id = judged.peer_mentor_id
        and denial.org_id = judged.org_id
        and denial.badge_definition_id = judged.badge_definition_id
        and denial.tier in ('', judged.tier)
    ))
    and (
        judged.problem <> 'missing'
        or judged.is_revoked
        or place.org_id is null
        or place.claimed < place.places
            and not exists (
                select
                from badges_internal.place_claims as claim
                where claim.peer_mentor_id = judged.peer_mentor_id
                and claim.org_id = judged.org_id
                and claim.badge_definition_id = judged.badge_definition_id
                and claim.tier = judged.tier
            )
    )
    union all
    select
        award.peer_mentor_id,
        award.org_id,
        award.badge_definition_id,
        award.tier,
        award.occurrence,
        'without_place',
        award.granted_at::text,
        null
    from (
        select
            given.*,
            place.claimed,
            row_number() over (
                partition by given.org_id, given.badge_definition_id, given.tier
                order by given.granted_at, given.peer_mentor_id
            ) as place_taken
        from badges_internal.badge_places as place
        inner join badges.earned_badges as given using (org_id, badge_definition_id, tier)
        where given.source <> 'manual'
    ) as award
    where award.place_taken > award.claimed
    and badges_internal._verify_is_looked_at(p_scope, award.peer_mentor_id);
end;

comment on function badges_internal._verify_award_differences(badges_internal.verified_scope) is
'Compares the awards with those that the activities and the held badges call for.';
