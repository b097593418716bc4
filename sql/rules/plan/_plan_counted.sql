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
    if not exists (
        select
        from unnest(p_milestones) as milestone
        where milestone.measure = 'badges'
        and milestone.badge_definition_id = any(p_badges)
    ) then
        return;
    end if;
    with counted as materialized (
        select *
        from badges_internal._plan_counts(p_document, p_milestones, p_badges, p_given, p_taken)
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
