-- Counts, for the planned conditions that count other badges, those that people hold.
--
-- p_badges: the badges to look at; p_given, p_taken: awards that would be made and revoked before.
-- moments: when each of the counted badges was earned, in that order.
create or replace function badges_internal._plan_counts(
    p_document jsonb,
    p_milestones badges_internal.milestones[],
    p_badges text[],
    p_given badges_internal.dated_award[],
    p_taken badges_internal.dated_award[]
)
returns table (
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    node integer,
    parent integer,
    threshold numeric,
    threshold_source text,
    value bigint,
    moments timestamptz[]
)
language plpgsql
volatile
rows 10000
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set work_mem = '64MB'
as $$
#variable_conflict use_column
begin
    return query
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
    )
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
        countable.threshold, countable.threshold_source;
end;
$$;

comment on function badges_internal._plan_counts(
    jsonb, badges_internal.milestones[], text[], badges_internal.dated_award[],
    badges_internal.dated_award[]
) is
'Counts, for the planned conditions that count other badges, those that people hold.';
