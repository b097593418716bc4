-- Finds the planned conditions that count other badges and hold, once the given awards are made.
--
-- p_badges: the badges to look at. nearest as in _plan_conditions.
create or replace function badges_internal._plan_counted(
    p_document jsonb,
    p_milestones badges_internal.milestones[],
    p_badges text[],
    p_given badges_internal.dated_award[],
    p_taken badges_internal.dated_award[],
    out states badges_internal.condition_state[],
    out nearest jsonb
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set work_mem = '64MB'
as $$
begin
    with conditions as materialized (
        select milestone.*
        from unnest(p_milestones) as milestone
        where milestone.measure = 'badges'
        and milestone.badge_definition_id = any(p_badges)
    ),
    definitions as (
        select
            badge.key as badge_definition_id, badge.value ->> 'category' as category,
            badges_internal._counts_badges(badge.value -> 'criteria') as is_counting
        from jsonb_each(coalesce(p_document -> 'badges', '{}')) as badge
        union all
        select
            definition.badge_definition_id, definition.category,
            badges_internal._counts_badges(definition.criteria)
        from badges.badge_definitions as definition
        where not coalesce(p_document -> 'badges', '{}') ? definition.badge_definition_id
    ),
    countable as materialized (
        select conditions.*, definitions.badge_definition_id as counted_id
        from conditions
        join definitions
            on definitions.badge_definition_id <> conditions.badge_definition_id
            and case
                when conditions.badge_ids is not null
                    then definitions.badge_definition_id = any(conditions.badge_ids)
                else not definitions.is_counting
                    and coalesce(definitions.category = conditions.badge_category,
                        conditions.badge_category is null)
            end
    ),
    awards as (
        select
            award.peer_mentor_id, award.org_id, award.badge_definition_id, award.earned_at
        from badges.earned_badges as award
        left join unnest(p_taken) as taken
            on taken.peer_mentor_id = award.peer_mentor_id
            and taken.org_id = award.org_id
            and taken.badge_definition_id = award.badge_definition_id
            and taken.tier = award.tier
            and taken.occurrence = award.occurrence
        where award.org_id in (select conditions.org_id from conditions)
        and award.revoked_at is null
        and taken.peer_mentor_id is null
        union all
        select
            given.peer_mentor_id, given.org_id, given.badge_definition_id, given.earned_at
        from unnest(p_given) as given
    ),
    held as materialized (
        select
            awards.peer_mentor_id, awards.org_id, awards.badge_definition_id,
            min(awards.earned_at) as earned_at
        from awards
        group by awards.peer_mentor_id, awards.org_id, awards.badge_definition_id
    ),
    counted as materialized (
        select
            held.peer_mentor_id, countable.org_id, countable.badge_definition_id,
            countable.tier, countable.occurrence, countable.node, countable.parent,
            countable.threshold, countable.threshold_source,
            count(*) as value,
            array_agg(held.earned_at order by held.earned_at) as moments
        from countable
        join held
            on held.org_id = countable.org_id
            and held.badge_definition_id = countable.counted_id
        group by
            held.peer_mentor_id, countable.org_id, countable.badge_definition_id,
            countable.tier, countable.occurrence, countable.node, countable.parent,
            countable.threshold, countable.threshold_source
    ),
    ranked as (
        select
            counted.*,
            row_number() over (
                partition by counted.org_id, counted.badge_definition_id
                order by counted.value / counted.threshold desc, counted.peer_mentor_id
            ) as rank
        from counted
        left join badges.earned_badges as award
            on award.peer_mentor_id = counted.peer_mentor_id
            and award.org_id = counted.org_id
            and award.badge_definition_id = counted.badge_definition_id
        where counted.parent is null
        and counted.value < counted.threshold
        and award.peer_mentor_id is null
    )
    select
        (
            select array_agg(row(
                counted.peer_mentor_id, counted.org_id, counted.badge_definition_id,
                counted.tier, counted.occurrence, counted.node, counted.parent, null, 'badges',
                counted.threshold, counted.threshold_source,
                counted.moments[ceil(counted.threshold)::integer], null, null
            )::badges_internal.condition_state)
            from counted
            where counted.value >= counted.threshold
        ),
        (
            select jsonb_agg(jsonb_build_object(
                'org_id', ranked.org_id,
                'badge_definition_id', ranked.badge_definition_id,
                'peer_mentor_id', ranked.peer_mentor_id,
                'tier', ranked.tier,
                'occurrence', ranked.occurrence,
                'value', ranked.value,
                'target', ranked.threshold,
                'fraction', trim_scale(round(ranked.value / ranked.threshold, 4))
            ) order by ranked.org_id, ranked.badge_definition_id, ranked.rank)
            from ranked
            where ranked.rank <= 3
        )
    into states, nearest;
end;
$$;

comment on function badges_internal._plan_counted(
    jsonb, badges_internal.milestones[], text[], badges_internal.dated_award[],
    badges_internal.dated_award[]
) is
'Finds the planned conditions that count other badges and hold, once the given awards are made.';
