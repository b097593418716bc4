-- Counts by organization and badge the people whom planned moves bring from one tier to another.
--
-- moves: [{"from", "to", "people"}], null = no tier; the highest tier that is held counts.
create or replace function badges_internal._plan_climbs(
    p_milestones badges_internal.milestones[],
    p_given badges_internal.dated_award[],
    p_taken badges_internal.dated_award[]
)
returns table (org_id text, badge_definition_id text, moves jsonb)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set work_mem = '64MB'
as $$
#variable_conflict use_column
begin
    return query
    with moved as materialized (
        select award.*, true as is_given from unnest(p_given) as award where award.tier <> ''
        union all
        select award.*, false from unnest(p_taken) as award where award.tier <> ''
    ),
    places as (
        select
            org_id, badge_definition_id, tier,
            coalesce(max(threshold) filter (where is_planned), max(threshold)) as threshold
        from (
            select org_id, badge_definition_id, tier, threshold, true as is_planned
            from unnest(p_milestones)
            union all
            select org_id, badge_definition_id, tier, threshold, false
            from badges_internal.milestones
        ) as ranked
        where tier <> ''
        group by org_id, badge_definition_id, tier
    ),
    standings as (
        select
            peer_mentor_id, org_id, badge_definition_id,
            (array_agg(tier order by places.threshold desc) filter (where is_held_before))[1]
                as tier_before,
            (array_agg(tier order by places.threshold desc) filter (where is_held_after))[1]
                as tier_after
        from (
            select
                peer_mentor_id, org_id, badge_definition_id, tier,
                coalesce(held.revoked_at is null and held.peer_mentor_id is not null, false)
                    as is_held_before,
                coalesce(moved.is_given, held.revoked_at is null) as is_held_after
            from (
                select earned.*
                from badges.earned_badges as earned
                where earned.tier <> ''
                and (earned.peer_mentor_id, earned.org_id, earned.badge_definition_id) in (
                    select moved.peer_mentor_id, moved.org_id, moved.badge_definition_id
                    from moved
                )
            ) as held
            full join moved
                using (peer_mentor_id, org_id, badge_definition_id, tier, occurrence)
        ) as tiered
        left join places using (org_id, badge_definition_id, tier)
        group by peer_mentor_id, org_id, badge_definition_id
    )
    select
        climbed.org_id, climbed.badge_definition_id,
        jsonb_agg(
            jsonb_build_object(
                'from', climbed.tier_before, 'to', climbed.tier_after, 'people', climbed.people
            )
            order by climbed.people desc, climbed.tier_before, climbed.tier_after
        )
    from (
        select org_id, badge_definition_id, tier_before, tier_after, count(*) as people
        from standings
        where tier_before is distinct from tier_after
        group by org_id, badge_definition_id, tier_before, tier_after
    ) as climbed
    group by climbed.org_id, climbed.badge_definition_id;
end;
$$;

comment on function badges_internal._plan_climbs(
    badges_internal.milestones[], badges_internal.dated_award[], badges_internal.dated_award[]
) is
'Counts by organization and badge the people whom planned moves bring from one tier to another.';
