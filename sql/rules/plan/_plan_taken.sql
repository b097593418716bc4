-- Lists the awards that rules gave, of badges that take back, that planned awards do not bear out.
--
-- p_badges: those that were looked at. A revoke badge without conditions takes back all of them.
create or replace function badges_internal._plan_taken(
    p_document jsonb,
    p_milestones badges_internal.milestones[],
    p_badges text[],
    p_awards badges_internal.dated_award[]
)
returns badges_internal.dated_award[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set work_mem = '64MB'
as $$
begin
    return (
        with revocable as materialized (
            select organization.key as org_id, badge.key as badge_definition_id
            from jsonb_each(coalesce(p_document -> 'organizations', '{}')) as organization
            cross join jsonb_each(coalesce(p_document -> 'badges', '{}')) as badge
            where badge.value ->> 'on_unmet' in ('revoke', 'lapse')
            and coalesce((badge.value -> 'active')::boolean, true)
            and coalesce(organization.value -> 'badges' ? badge.key, true)
            and (
                badge.value #>> '{criteria,type}' = 'manual'
                or badge.key = any(p_badges)
                and (organization.key, badge.key) in (
                    select milestone.org_id, milestone.badge_definition_id
                    from unnest(p_milestones) as milestone
                )
            )
        )
        select array_agg(row(
            held.peer_mentor_id, held.org_id, held.badge_definition_id, held.tier,
            held.occurrence, held.earned_at, held.activity_id, held.threshold,
            held.threshold_source
        )::badges_internal.dated_award)
        from badges.earned_badges as held
        join revocable
            on revocable.org_id = held.org_id
            and revocable.badge_definition_id = held.badge_definition_id
        left join unnest(p_awards) as award
            on award.peer_mentor_id = held.peer_mentor_id
            and award.org_id = held.org_id
            and award.badge_definition_id = held.badge_definition_id
            and award.tier = held.tier
            and award.occurrence = held.occurrence
        where held.revoked_at is null
        and held.source in ('rule', 'backfill', 'sweep')
        and award.peer_mentor_id is null
    );
end;
$$;

comment on function badges_internal._plan_taken(
    jsonb, badges_internal.milestones[], text[], badges_internal.dated_award[]
) is
'Lists the awards that rules gave, of badges that take back, that planned awards do not bear out.';
