-- Finds, for everybody, the planned conditions over activities that hold now, and who is near.
--
-- states: the conditions that hold or may have held; of badges that take nothing back only those
-- of people without the award. falling: the people and badges where only the moments can tell,
-- since a sum fell. nearest: by organization and badge the three people nearest to the next award.
-- p_held: the badges that anybody has or had.
create or replace function badges_internal._plan_conditions(
    p_milestones badges_internal.milestones[],
    p_revocable text[],
    p_held text[],
    out states badges_internal.condition_state[],
    out falling badges_internal.candidate[],
    out nearest jsonb
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set work_mem = '64MB'
as $$
begin
    with milestones as materialized (
        select milestone.*
        from unnest(p_milestones) as milestone
        where milestone.stat is not null
    ),
    measured as materialized (
        select * from badges_internal._plan_measured(p_milestones)
    ),
    earned as materialized (
        select
            award.peer_mentor_id, award.org_id, award.badge_definition_id, award.tier,
            award.occurrence
        from badges.earned_badges as award
        where p_held <> '{}'
        and award.badge_definition_id = any(p_held)
        and (award.org_id, award.badge_definition_id) in (
            select milestones.org_id, milestones.badge_definition_id
            from milestones
        )
    ),
    targets as materialized (
        select
            milestones.org_id, milestones.badge_definition_id, milestones.stat,
            milestones.measure,
            array_agg(milestones.threshold order by milestones.threshold) as thresholds,
            array_agg(milestones.tier order by milestones.threshold) as tiers,
            array_agg(milestones.occurrence order by milestones.threshold) as occurrences,
            array_agg(milestones.threshold_source order by milestones.threshold) as sources
        from milestones
        where milestones.parent is null
        and milestones.measure <> 'tenure'
        group by milestones.org_id, milestones.badge_definition_id, milestones.stat,
            milestones.measure
    ),
    singles as materialized (
        select
            measured.peer_mentor_id, measured.value, measured.may_fall, targets.*,
            width_bucket(measured.value, targets.thresholds) as reached
        from targets
        join measured
            on measured.org_id = targets.org_id
            and measured.stat = targets.stat
            and measured.measure = targets.measure
        where measured.value is not null
    ),
    met as (
        select
            singles.*,
            generate_series(
                1,
                case when singles.may_fall then cardinality(singles.thresholds)
                    else singles.reached end
            ) as place
        from singles
    ),
    single_states as (
        select
            met.peer_mentor_id, met.org_id, met.badge_definition_id,
            met.tiers[met.place] as tier, met.occurrences[met.place] as occurrence, 0 as node,
            null::integer as parent, met.stat, met.measure,
            met.thresholds[met.place] as threshold, met.sources[met.place] as source,
            null::timestamptz as came_true_at,
            met.place > met.reached as is_falling
        from met
    ),
    part_states as (
        select
            measured.peer_mentor_id, milestones.org_id, milestones.badge_definition_id,
            milestones.tier, milestones.occurrence, milestones.node, milestones.parent,
            milestones.stat, milestones.measure, milestones.threshold,
            milestones.threshold_source, null::timestamptz,
            measured.may_fall
        from milestones
        join measured
            on measured.org_id = milestones.org_id
            and measured.stat = milestones.stat
            and measured.measure = milestones.measure
            and (milestones.threshold <= measured.value or measured.may_fall)
        where milestones.parent is not null
    ),
    found as materialized (
        select states.*
        from (
            select * from single_states
            union all
            select * from part_states
            union all
            select
                due.peer_mentor_id, milestones.org_id, milestones.badge_definition_id,
                milestones.tier, milestones.occurrence, milestones.node, milestones.parent,
                milestones.stat, milestones.measure, milestones.threshold,
                milestones.threshold_source, due.due_at, false
            from badges_internal._plan_tenures(p_milestones) as due
            join milestones using (org_id, badge_definition_id, node, occurrence)
        ) as states
        left join earned
            on earned.peer_mentor_id = states.peer_mentor_id
            and earned.org_id = states.org_id
            and earned.badge_definition_id = states.badge_definition_id
            and earned.tier = states.tier
            and earned.occurrence = states.occurrence
        where earned.peer_mentor_id is null
        or states.badge_definition_id = any(p_revocable)
    ),
    -- Of people who have not the award that comes next.
    ranked as (
        select
            singles.peer_mentor_id, singles.org_id, singles.badge_definition_id, next.tier,
            next.occurrence, singles.value, next.threshold,
            row_number() over (
                partition by singles.org_id, singles.badge_definition_id
                order by singles.value / next.threshold desc, singles.peer_mentor_id
            ) as place
        from singles
        cross join lateral (
            select
                singles.tiers[singles.reached + 1] as tier,
                singles.occurrences[singles.reached + 1] as occurrence,
                singles.thresholds[singles.reached + 1] as threshold
        ) as next
        left join earned
            on earned.peer_mentor_id = singles.peer_mentor_id
            and earned.org_id = singles.org_id
            and earned.badge_definition_id = singles.badge_definition_id
            and earned.tier = next.tier
            and earned.occurrence = next.occurrence
        where singles.value > 0
        and next.threshold is not null
        and earned.peer_mentor_id is null
    )
    select
        (
            select array_agg(row(
                found.peer_mentor_id, found.org_id, found.badge_definition_id, found.tier,
                found.occurrence, found.node, found.parent, found.stat, found.measure,
                found.threshold, found.source, found.came_true_at, null, null
            )::badges_internal.condition_state)
            from found
        ),
        (
            select array_agg(distinct row(
                found.peer_mentor_id, found.org_id, found.badge_definition_id, null, null
            )::badges_internal.candidate)
            from found
            where found.is_falling
        ),
        (
            select jsonb_agg(jsonb_build_object(
                'org_id', ranked.org_id, 'badge_definition_id', ranked.badge_definition_id,
                'peer_mentor_id', ranked.peer_mentor_id, 'tier', ranked.tier,
                'occurrence', ranked.occurrence, 'value', trim_scale(ranked.value),
                'target', ranked.threshold,
                'fraction', trim_scale(round(ranked.value / ranked.threshold, 4))
            ) order by ranked.org_id, ranked.badge_definition_id, ranked.place)
            from ranked
            where ranked.place <= 3
        )
    into states, falling, nearest;
end;
$$;

comment on function badges_internal._plan_conditions(
    badges_internal.milestones[], text[], text[]
) is
'Finds, for everybody, the planned conditions over activities that hold now, and who is near.';
