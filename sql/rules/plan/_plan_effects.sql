-- Sums up by organization and badge what planned moves do to people.
--
-- A row for each badge that was looked at; of badges that count badges only where somebody moves
-- or the badge is new. exact is false where the rule cannot be decided beforehand: note says why.
create or replace function badges_internal._plan_effects(
    p_document jsonb,
    p_milestones badges_internal.milestones[],
    p_given badges_internal.dated_award[],
    p_taken badges_internal.dated_award[],
    p_nearest jsonb
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set work_mem = '64MB'
as $$
begin
    return (
        with moves as materialized (
            select
                given.peer_mentor_id, given.org_id, given.badge_definition_id, given.tier,
                given.occurrence,
                case when held.peer_mentor_id is null then 'awarded' else 'restored' end as move
            from unnest(p_given) as given
            left join badges.earned_badges as held
                on held.peer_mentor_id = given.peer_mentor_id
                and held.org_id = given.org_id
                and held.badge_definition_id = given.badge_definition_id
                and held.tier = given.tier
                and held.occurrence = given.occurrence
                and held.revoked_by = 'rule'
            union all
            select
                taken.peer_mentor_id, taken.org_id, taken.badge_definition_id, taken.tier,
                taken.occurrence, 'revoked'
            from unnest(p_taken) as taken
        ),
        looked_at as (
            select
                milestone.org_id, milestone.badge_definition_id,
                bool_or(milestone.measure = 'badges') as is_counting,
                bool_or(milestone.measure = 'raw') as is_raw
            from unnest(p_milestones) as milestone
            group by milestone.org_id, milestone.badge_definition_id
            union
            select moves.org_id, moves.badge_definition_id, false, false
            from moves
            where moves.badge_definition_id not in (
                select milestone.badge_definition_id from unnest(p_milestones) as milestone
            )
        ),
        totals as (
            select
                moves.org_id, moves.badge_definition_id, moves.move,
                count(*) as awards,
                count(distinct moves.peer_mentor_id) as people,
                to_jsonb(
                    (array_agg(distinct moves.peer_mentor_id order by moves.peer_mentor_id))[:3]
                ) as sample
            from moves
            group by moves.org_id, moves.badge_definition_id, moves.move
        ),
        by_tier as (
            select
                counted.org_id, counted.badge_definition_id,
                jsonb_agg(
                    jsonb_build_object(
                        'tier', counted.tier, 'awarded', counted.awarded,
                        'restored', counted.restored, 'revoked', counted.revoked
                    )
                    order by counted.tier
                ) as tiers
            from (
                select
                    moves.org_id, moves.badge_definition_id, moves.tier,
                    count(*) filter (where moves.move = 'awarded') as awarded,
                    count(*) filter (where moves.move = 'restored') as restored,
                    count(*) filter (where moves.move = 'revoked') as revoked
                from moves
                where moves.tier <> ''
                group by moves.org_id, moves.badge_definition_id, moves.tier
            ) as counted
            group by counted.org_id, counted.badge_definition_id
        ),
        places as (
            select org_id, badge_definition_id, tier, max(threshold) as threshold
            from (
                select
                    milestone.org_id, milestone.badge_definition_id, milestone.tier,
                    milestone.threshold
                from unnest(p_milestones) as milestone
                union all
                select
                    milestone.org_id, milestone.badge_definition_id, milestone.tier,
                    milestone.threshold
                from badges_internal.milestones as milestone
                where not exists (
                    select
                    from unnest(p_milestones) as planned
                    where planned.org_id = milestone.org_id
                    and planned.badge_definition_id = milestone.badge_definition_id
                    and planned.tier = milestone.tier
                )
            ) as ranked
            where tier <> ''
            group by org_id, badge_definition_id, tier
        ),
        standings as (
            select
                tiered.peer_mentor_id, tiered.org_id, tiered.badge_definition_id,
                (array_agg(tiered.tier order by places.threshold desc)
                    filter (where tiered.is_held_before))[1] as tier_before,
                (array_agg(tiered.tier order by places.threshold desc)
                    filter (where tiered.is_held_after))[1] as tier_after
            from (
                select
                    held.peer_mentor_id, held.org_id, held.badge_definition_id, held.tier,
                    held.revoked_at is null as is_held_before,
                    held.revoked_at is null and moves.move is distinct from 'revoked'
                        or coalesce(moves.move = 'restored', false) as is_held_after
                from badges.earned_badges as held
                left join moves
                    on moves.peer_mentor_id = held.peer_mentor_id
                    and moves.org_id = held.org_id
                    and moves.badge_definition_id = held.badge_definition_id
                    and moves.tier = held.tier
                    and moves.occurrence = held.occurrence
                where held.tier <> ''
                and exists (select from moves where moves.tier <> '')
                and (held.peer_mentor_id, held.org_id, held.badge_definition_id) in (
                    select moves.peer_mentor_id, moves.org_id, moves.badge_definition_id
                    from moves
                )
                union all
                select
                    moves.peer_mentor_id, moves.org_id, moves.badge_definition_id, moves.tier,
                    false, true
                from moves
                where moves.move = 'awarded'
                and moves.tier <> ''
            ) as tiered
            left join places
                on places.org_id = tiered.org_id
                and places.badge_definition_id = tiered.badge_definition_id
                and places.tier = tiered.tier
            group by tiered.peer_mentor_id, tiered.org_id, tiered.badge_definition_id
        ),
        climbs as (
            select
                moved.org_id, moved.badge_definition_id,
                jsonb_agg(
                    jsonb_build_object(
                        'from', moved.tier_before, 'to', moved.tier_after, 'people', moved.people
                    )
                    order by moved.people desc, moved.tier_before, moved.tier_after
                ) as moves
            from (
                select org_id, badge_definition_id, tier_before, tier_after, count(*) as people
                from standings
                where tier_before is distinct from tier_after
                group by org_id, badge_definition_id, tier_before, tier_after
            ) as moved
            group by moved.org_id, moved.badge_definition_id
        ),
        near as (
            select
                each.person ->> 'org_id' as org_id,
                each.person ->> 'badge_definition_id' as badge_definition_id,
                jsonb_agg(
                    each.person - array['org_id', 'badge_definition_id'] order by each.position
                ) as people
            from jsonb_array_elements(p_nearest) with ordinality as each (person, position)
            group by 1, 2
        ),
        uncertain as (
            select
                looked_at.org_id, looked_at.badge_definition_id,
                raw.badge_definition_id as raw_id
            from looked_at
            join looked_at as raw on raw.org_id = looked_at.org_id and raw.is_raw
            where badges_internal._is_setting_on('criteria_raw')
            and (
                raw.badge_definition_id = looked_at.badge_definition_id
                or exists (
                    select
                    from unnest(p_milestones) as milestone
                    where milestone.org_id = looked_at.org_id
                    and milestone.badge_definition_id = looked_at.badge_definition_id
                    and milestone.measure = 'badges'
                    and coalesce(raw.badge_definition_id = any(milestone.badge_ids), true)
                )
            )
        )
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'org_id', looked_at.org_id,
                    'badge_definition_id', looked_at.badge_definition_id,
                    'name', coalesce(
                        badges_internal._localized(p_document #>
                            array['badges', looked_at.badge_definition_id, 'name']),
                        looked_at.badge_definition_id
                    ),
                    'exact', uncertain.raw_id is null,
                    'awarded', jsonb_build_object(
                        'awards', coalesce(awarded.awards, 0),
                        'people', coalesce(awarded.people, 0),
                        'sample', coalesce(awarded.sample, '[]')
                    ),
                    'restored', jsonb_build_object(
                        'awards', coalesce(restored.awards, 0),
                        'people', coalesce(restored.people, 0),
                        'sample', coalesce(restored.sample, '[]')
                    ),
                    'revoked', jsonb_build_object(
                        'awards', coalesce(revoked.awards, 0),
                        'people', coalesce(revoked.people, 0),
                        'sample', coalesce(revoked.sample, '[]')
                    ),
                    'tiers', coalesce(by_tier.tiers, '[]'),
                    'tiers_moved', coalesce(climbs.moves, '[]'),
                    'nearest', coalesce(near.people, '[]')
                ) || case
                    when uncertain.raw_id is null then '{}'
                    else jsonb_build_object('note', format(
                        'the raw rule %s is decided after all others, by the apply alone',
                        to_jsonb(uncertain.raw_id)
                    ))
                end
                order by looked_at.org_id, looked_at.badge_definition_id
            ),
            '[]'
        )
        from looked_at
        left join totals as awarded
            on awarded.org_id = looked_at.org_id
            and awarded.badge_definition_id = looked_at.badge_definition_id
            and awarded.move = 'awarded'
        left join totals as restored
            on restored.org_id = looked_at.org_id
            and restored.badge_definition_id = looked_at.badge_definition_id
            and restored.move = 'restored'
        left join totals as revoked
            on revoked.org_id = looked_at.org_id
            and revoked.badge_definition_id = looked_at.badge_definition_id
            and revoked.move = 'revoked'
        left join by_tier
            on by_tier.org_id = looked_at.org_id
            and by_tier.badge_definition_id = looked_at.badge_definition_id
        left join climbs
            on climbs.org_id = looked_at.org_id
            and climbs.badge_definition_id = looked_at.badge_definition_id
        left join near
            on near.org_id = looked_at.org_id
            and near.badge_definition_id = looked_at.badge_definition_id
        left join (
            select distinct on (org_id, badge_definition_id) *
            from uncertain
            order by org_id, badge_definition_id, raw_id
        ) as uncertain
            on uncertain.org_id = looked_at.org_id
            and uncertain.badge_definition_id = looked_at.badge_definition_id
        where not looked_at.is_counting
        or uncertain.raw_id is not null
        or num_nonnulls(awarded.move, restored.move, revoked.move) > 0
        or not exists (
            select
            from badges_internal.milestones as present
            where present.org_id = looked_at.org_id
            and present.badge_definition_id = looked_at.badge_definition_id
        )
    );
end;
$$;

comment on function badges_internal._plan_effects(
    jsonb, badges_internal.milestones[], badges_internal.dated_award[],
    badges_internal.dated_award[], jsonb
) is
'Sums up by organization and badge what planned moves do to people.';
