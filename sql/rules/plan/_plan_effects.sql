-- Sums up by organization and badge what planned moves do to people.
--
-- A row for each badge that was looked at; of badges that count badges only where somebody moves
-- or the badge is new. exact is false where the rule cannot be decided beforehand: note says why.
-- p_restorable: as _plan_moves tells.
create or replace function badges_internal._plan_effects(
    p_document jsonb,
    p_milestones badges_internal.milestones[],
    p_given badges_internal.dated_award[],
    p_taken badges_internal.dated_award[],
    p_nearest jsonb,
    p_restorable text[]
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
                on p_restorable <> '{}'
                and held.peer_mentor_id = given.peer_mentor_id
                and held.org_id = given.org_id
                and held.badge_definition_id = given.badge_definition_id
                and held.tier = given.tier
                and held.occurrence = given.occurrence
                and held.revoked_by in ('rule', 'time')
            union all
            select
                taken.peer_mentor_id, taken.org_id, taken.badge_definition_id, taken.tier,
                taken.occurrence,
                case
                    when p_document #>> array['badges', taken.badge_definition_id, 'on_unmet']
                        = 'lapse' then 'lapsed'
                    else 'revoked'
                end
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
            select moves.org_id, moves.badge_definition_id, false, false from moves
            where moves.badge_definition_id not in (
                select milestone.badge_definition_id from unnest(p_milestones) as milestone
            )
        ),
        totals as (
            select org_id, badge_definition_id, jsonb_object_agg(move, told) as by_move
            from (
                select
                    org_id, badge_definition_id, move,
                    jsonb_build_object(
                        'awards', sum(awards), 'people', count(*),
                        'sample', (array_agg(peer_mentor_id order by peer_mentor_id))[:3]
                    ) as told
                from (
                    select org_id, badge_definition_id, move, peer_mentor_id, count(*) as awards
                    from moves
                    group by org_id, badge_definition_id, move, peer_mentor_id
                ) as person
                group by org_id, badge_definition_id, move
            ) as moved
            group by org_id, badge_definition_id
        ),
        by_tier as (
            select
                counted.org_id, counted.badge_definition_id,
                jsonb_agg(
                    to_jsonb(counted) - array['org_id', 'badge_definition_id']
                    order by counted.tier
                ) as tiers
            from (
                select
                    moves.org_id, moves.badge_definition_id, moves.tier,
                    count(*) filter (where moves.move = 'awarded') as awarded,
                    count(*) filter (where moves.move = 'restored') as restored,
                    count(*) filter (where moves.move = 'revoked') as revoked,
                    count(*) filter (where moves.move = 'lapsed') as lapsed
                from moves
                where moves.tier <> ''
                group by moves.org_id, moves.badge_definition_id, moves.tier
            ) as counted
            group by counted.org_id, counted.badge_definition_id
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
                min(raw.badge_definition_id) as raw_id
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
            group by looked_at.org_id, looked_at.badge_definition_id
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
                    'awarded', nothing.told, 'restored', nothing.told, 'revoked', nothing.told,
                    'lapsed', nothing.told,
                    'tiers', coalesce(by_tier.tiers, '[]'),
                    'tiers_moved', coalesce(climbs.moves, '[]'),
                    'nearest', coalesce(near.people, '[]')
                ) || coalesce(totals.by_move, '{}') || case
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
        cross join (
            select '{"awards": 0, "people": 0, "sample": []}'::jsonb as told
        ) as nothing
        left join totals using (org_id, badge_definition_id)
        left join by_tier using (org_id, badge_definition_id)
        left join badges_internal._plan_climbs(p_milestones, p_given, p_taken) as climbs
            using (org_id, badge_definition_id)
        left join near using (org_id, badge_definition_id)
        left join uncertain using (org_id, badge_definition_id)
        where not looked_at.is_counting
        or uncertain.raw_id is not null
        or totals.by_move is not null
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
    badges_internal.dated_award[], jsonb, text[]
) is
'Sums up by organization and badge what planned moves do to people.';
