-- Lists the conditions of the candidate badges that the people's stats now meet.
--
-- A sum that can fall counts as met when some earlier moment may have met it; dating decides.
-- Conditions on other badges come dated: the moment of the n-th badge they need.
create or replace function badges_internal._met_conditions(
    p_candidates badges_internal.candidate[],
    p_is_held boolean
)
returns badges_internal.condition_state[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        with candidates as (
            select
                peer_mentor_id, org_id, badge_definition_id,
                max(came_true_at) as came_true_at, max(activity_id) as activity_id
            from unnest(p_candidates) as candidate
            group by peer_mentor_id, org_id, badge_definition_id
        ),
        conditions as (
            select
                candidates.peer_mentor_id, candidates.came_true_at, candidates.activity_id,
                milestone.*
            from candidates
            join badges_internal.milestones as milestone
                on milestone.org_id = candidates.org_id
                and milestone.badge_definition_id = candidates.badge_definition_id
                and milestone.measure <> 'raw'
            where p_is_held = exists (
                select
                from badges.earned_badges as earned
                where earned.peer_mentor_id = candidates.peer_mentor_id
                and earned.badge_definition_id = milestone.badge_definition_id
                and earned.org_id = milestone.org_id
                and earned.tier = milestone.tier
                and earned.occurrence = milestone.occurrence
            )
            and (p_is_held or not exists (
                select
                from badges.badge_denials as denial
                where denial.peer_mentor_id = candidates.peer_mentor_id
                and denial.badge_definition_id = milestone.badge_definition_id
                and denial.org_id = milestone.org_id
                and denial.tier in ('', milestone.tier)
            ))
        ),
        measured as (
            select
                asked.peer_mentor_id, asked.org_id, asked.stat, asked.measure,
                max(case
                    when asked.measure = 'count' then held.activity_count
                    when asked.measure = 'sum' then held.value_sum
                    when asked.measure = 'max' then held.value_max
                    when asked.measure = 'active_days' then held.active_days
                    when asked.measure = 'distinct' then held.distinct_count
                    when asked.measure = 'day_run' then held.longest_day_run
                    when asked.measure = 'week_run' then held.longest_week_run
                    when asked.measure = 'month_run' then held.longest_month_run
                end) as value,
                bool_or(held.has_negative and asked.measure = 'sum') as may_fall
            from (
                select distinct peer_mentor_id, org_id, stat, measure
                from conditions
                where stat is not null
            ) as asked
            join badges.peer_mentor_stats as held
                on held.peer_mentor_id = asked.peer_mentor_id
                and held.org_id = asked.org_id
                and held.stat = asked.stat
            group by asked.peer_mentor_id, asked.org_id, asked.stat, asked.measure
        ),
        met as (
            select
                conditions.peer_mentor_id, conditions.org_id, conditions.badge_definition_id,
                conditions.tier, conditions.occurrence, conditions.node, conditions.parent,
                conditions.stat, conditions.measure, conditions.threshold,
                conditions.threshold_source, conditions.came_true_at, conditions.activity_id
            from conditions
            join measured
                on measured.peer_mentor_id = conditions.peer_mentor_id
                and measured.org_id = conditions.org_id
                and measured.stat = conditions.stat
                and measured.measure = conditions.measure
            where measured.value >= conditions.threshold
            or measured.may_fall
            union all
            select
                conditions.peer_mentor_id, conditions.org_id, conditions.badge_definition_id,
                conditions.tier, conditions.occurrence, conditions.node, conditions.parent,
                null, conditions.measure, conditions.threshold, conditions.threshold_source,
                enough.earned_at, null
            from conditions
            cross join lateral badges_internal._nth_badge(
                conditions.peer_mentor_id, conditions.org_id, conditions.badge_definition_id,
                conditions.badge_ids, conditions.badge_category, conditions.threshold
            ) as enough (earned_at)
            where conditions.measure = 'badges'
            and enough.earned_at is not null
        )
        select array_agg(row(
            peer_mentor_id, org_id, badge_definition_id, tier, occurrence, node, parent, stat,
            measure, threshold, threshold_source, came_true_at, activity_id, true
        )::badges_internal.condition_state)
        from met
    );
end;
$$;

comment on function badges_internal._met_conditions(badges_internal.candidate[], boolean) is
'Lists the conditions of the candidate badges that the people''s stats now meet.';
