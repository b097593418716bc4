-- Finds the planned conditions that count other badges and hold, once the given awards are made.
--
-- p_badges: the badges to look at. A badge that keeps its awards is met by what is held before the
-- taken awards go, or after, as the backfill comes to it; a revoke badge, or one with a limit, by
-- what remains. nearest as in _plan_conditions.
create or replace function badges_internal._plan_counted(
    p_document jsonb,
    p_milestones badges_internal.milestones[],
    p_badges text[],
    p_revocable text[],
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
            award.peer_mentor_id, award.org_id, award.badge_definition_id, award.earned_at,
            award.revoked_at is null as is_held_before,
            award.revoked_at is null and taken.peer_mentor_id is null
                or given.peer_mentor_id is not null as is_held_after
        from badges.earned_badges as award
        left join unnest(p_taken) as taken
            on taken.peer_mentor_id = award.peer_mentor_id
            and taken.org_id = award.org_id
            and taken.badge_definition_id = award.badge_definition_id
            and taken.tier = award.tier
            and taken.occurrence = award.occurrence
        left join unnest(p_given) as given
            on given.peer_mentor_id = award.peer_mentor_id
            and given.org_id = award.org_id
            and given.badge_definition_id = award.badge_definition_id
            and given.tier = award.tier
            and given.occurrence = award.occurrence
        where award.org_id in (select conditions.org_id from conditions)
        union all
        select
            given.peer_mentor_id, given.org_id, given.badge_definition_id, given.earned_at,
            true, true
        from unnest(p_given) as given
        left join badges.earned_badges as award
            on award.peer_mentor_id = given.peer_mentor_id
            and award.org_id = given.org_id
            and award.badge_definition_id = given.badge_definition_id
            and award.tier = given.tier
            and award.occurrence = given.occurrence
        where award.peer_mentor_id is null
    ),
    held as materialized (
        select
            awards.peer_mentor_id, awards.org_id, awards.badge_definition_id,
            min(awards.earned_at) filter (where awards.is_held_before) as earned_before,
            min(awards.earned_at) filter (where awards.is_held_after) as earned_after,
            bool_or(awards.is_held_before) as is_held_before,
            bool_or(awards.is_held_after) as is_held_after
        from awards
        group by awards.peer_mentor_id, awards.org_id, awards.badge_definition_id
    ),
    tallied as (
        select
            held.peer_mentor_id, countable.org_id, countable.badge_definition_id,
            countable.tier, countable.occurrence, countable.node, countable.parent,
            countable.threshold, countable.threshold_source,
            count(*) filter (where held.is_held_before) as before_count,
            count(*) filter (where held.is_held_after) as after_count,
            array_agg(held.earned_before order by held.earned_before)
                filter (where held.is_held_before) as before_moments,
            array_agg(held.earned_after order by held.earned_after)
                filter (where held.is_held_after) as after_moments
        from countable
        join held
            on held.org_id = countable.org_id
            and held.badge_definition_id = countable.counted_id
        join badges.peer_mentor_stats as base
            on base.peer_mentor_id = held.peer_mentor_id
            and base.org_id = held.org_id
            and base.stat = '*'
            and base.bucket = ''
        group by
            held.peer_mentor_id, countable.org_id, countable.badge_definition_id,
            countable.tier, countable.occurrence, countable.node, countable.parent,
            countable.threshold, countable.threshold_source
    ),
    counted as materialized (
        select
            tallied.*,
            tallied.after_count >= tallied.threshold as is_met_after,
            tallied.before_count >= tallied.threshold
                and tallied.badge_definition_id <> all(p_revocable)
                and p_document #> array['badges', tallied.badge_definition_id, 'limit'] is null
                as is_met_before,
            ceil(tallied.threshold)::integer as place
        from tallied
    ),
    ranked as (
        select
            counted.*,
            row_number() over (
                partition by counted.org_id, counted.badge_definition_id
                order by counted.after_count / counted.threshold desc, counted.peer_mentor_id
            ) as rank
        from counted
        left join badges.earned_badges as award
            on award.peer_mentor_id = counted.peer_mentor_id
            and award.org_id = counted.org_id
            and award.badge_definition_id = counted.badge_definition_id
        where counted.parent is null
        and counted.after_count > 0
        and not (counted.is_met_after or counted.is_met_before)
        and award.peer_mentor_id is null
    )
    select
        (
            select array_agg(row(
                counted.peer_mentor_id, counted.org_id, counted.badge_definition_id,
                counted.tier, counted.occurrence, counted.node, counted.parent, null, 'badges',
                counted.threshold, counted.threshold_source,
                least(
                    case when counted.is_met_before
                        then counted.before_moments[counted.place] end,
                    case when counted.is_met_after then counted.after_moments[counted.place] end
                ),
                null, null
            )::badges_internal.condition_state)
            from counted
            where counted.is_met_after
            or counted.is_met_before
        ),
        (
            select jsonb_agg(jsonb_build_object(
                'org_id', ranked.org_id,
                'badge_definition_id', ranked.badge_definition_id,
                'peer_mentor_id', ranked.peer_mentor_id,
                'tier', ranked.tier,
                'occurrence', ranked.occurrence,
                'value', ranked.after_count,
                'target', ranked.threshold,
                'fraction', trim_scale(round(ranked.after_count / ranked.threshold, 4))
            ) order by ranked.org_id, ranked.badge_definition_id, ranked.rank)
            from ranked
            where ranked.rank <= 3
        )
    into states, nearest;
end;
$$;

comment on function badges_internal._plan_counted(
    jsonb, badges_internal.milestones[], text[], text[], badges_internal.dated_award[],
    badges_internal.dated_award[]
) is
'Finds the planned conditions that count other badges and hold, once the given awards are made.';
