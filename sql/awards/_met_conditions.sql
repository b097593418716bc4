-- Lists the conditions of the candidate badges that the people's stats now meet.
--
-- A sum that can fall counts as met when some earlier moment may have met it; dating decides.
-- Conditions on other badges come dated, the moment of the n-th badge they need, and so does
-- tenure: the moment it fell due.
create or replace function badges_internal._met_conditions(
    p_candidates badges_internal.candidate[],
    p_is_held boolean
)
returns badges_internal.condition_state[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_material = off
set enable_seqscan = off
as $$
begin
    return (
        with candidates as (
            select
                peer_mentor_id, org_id, badge_definition_id,
                -- One that must be looked up is looked up whatever else crossed.
                case when count(*) = count(came_true_at) then max(came_true_at) end
                    as came_true_at,
                max(activity_id) as activity_id
            from unnest(p_candidates) as candidate
            group by peer_mentor_id, org_id, badge_definition_id
        ),
        -- What each badge looks at, once however many people and tiers it has.
        watched as materialized (
            select
                badge.org_id, badge.badge_definition_id, asked.stat, asked.measure,
                asked.measure = 'sum'
                    or coalesce((defined.route).element_measure = 'sum', false) as is_sum
            from (select distinct org_id, badge_definition_id from candidates) as badge
            cross join lateral (
                select distinct milestone.stat, milestone.measure
                from badges_internal.milestones as milestone
                where milestone.org_id = badge.org_id
                and milestone.badge_definition_id = badge.badge_definition_id
                and milestone.measure not in ('badges', 'raw', 'lapse')
                offset 0
            ) as asked
            left join badges_internal.stat_definitions as defined
                on defined.org_id = badge.org_id
                and defined.stat = asked.stat
        ),
        measured as materialized (
            select
                candidates.*, watched.stat, watched.measure, best.value,
                watched.is_sum and best.has_negative and candidates.came_true_at is null
                    as may_fall
            from candidates
            join watched using (org_id, badge_definition_id)
            cross join lateral (
                select
                    max(badges_internal._measured(held, watched.measure)) as value,
                    bool_or(held.has_negative) as has_negative
                from badges.peer_mentor_stats as held
                where held.peer_mentor_id = candidates.peer_mentor_id
                and held.org_id = candidates.org_id
                and held.stat = watched.stat
            ) as best
        ),
        met as (
            select
                measured.peer_mentor_id, milestone.*, measured.came_true_at as own_moment,
                measured.activity_id
            from measured
            join badges_internal.milestones as milestone
                using (org_id, badge_definition_id, stat, measure)
            where milestone.threshold
                <= case when measured.may_fall then 'infinity' else measured.value end
            union all
            select candidates.peer_mentor_id, milestone.*, enough.earned_at, null
            from candidates
            join badges_internal.milestones as milestone
                on milestone.org_id = candidates.org_id
                and milestone.badge_definition_id = candidates.badge_definition_id
                and milestone.measure = 'badges'
            cross join lateral badges_internal._nth_badge(
                candidates.peer_mentor_id, candidates.org_id, candidates.badge_definition_id,
                milestone.badge_ids, milestone.badge_category, milestone.threshold
            ) as enough
            union all
            select tenure.peer_mentor_id, milestone.*, tenure.due_at, null
            from badges_internal._tenures(
                array(select peer_mentor_id from candidates),
                array(select org_id from candidates),
                array(select badge_definition_id from candidates)
            ) as tenure
            -- Another's badge is none of theirs: its other conditions are not looked up.
            join candidates using (peer_mentor_id, org_id, badge_definition_id)
            join badges_internal.milestones as milestone
                using (org_id, badge_definition_id, node, occurrence)
            where milestone.measure = 'tenure'
            and milestone.tier = ''
            and tenure.due_at <= badges_internal._seen_until(
                tenure.peer_mentor_id, tenure.org_id
            )
        )
        select array_agg(row(
            met.peer_mentor_id, met.org_id, met.badge_definition_id, met.tier, met.occurrence,
            met.node, met.parent, met.stat, met.measure, met.threshold, met.threshold_source,
            met.own_moment, met.activity_id, null
        )::badges_internal.condition_state)
        from met
        where p_is_held = exists (
            select
            from badges.earned_badges as earned
            where earned.peer_mentor_id = met.peer_mentor_id
            and earned.badge_definition_id = met.badge_definition_id
            and earned.org_id = met.org_id
            and (earned.tier, earned.occurrence) = (met.tier, met.occurrence)
        )
        and (p_is_held or not exists (
            select
            from badges.badge_denials as denial
            where denial.peer_mentor_id = met.peer_mentor_id
            and denial.badge_definition_id = met.badge_definition_id
            and denial.org_id = met.org_id
            and denial.tier in ('', met.tier)
        ))
    );
end;
$$;

comment on function badges_internal._met_conditions(badges_internal.candidate[], boolean) is
'Lists the conditions of the candidate badges that the people''s stats now meet.';
