-- Measures every condition of one badge for a person, met or not.
--
-- value is what counts towards the target: for a run that is not yet long enough the run that is
-- alive on p_as_of. came_true_at and activity_id are of conditions that are met.
create or replace function badges_internal._badge_conditions(
    p_peer_mentor_id uuid,
    p_badge_definition_id text,
    p_org_id text,
    p_as_of date
)
returns table (
    node integer,
    parent integer,
    tier text,
    occurrence integer,
    path text,
    measure text,
    selector jsonb,
    value numeric,
    target numeric,
    threshold_source text,
    is_met boolean,
    came_true_at timestamptz,
    activity_id bigint
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_states badges_internal.condition_state[];
begin
    select array_agg(row(
        p_peer_mentor_id, milestone.org_id, milestone.badge_definition_id, milestone.tier,
        milestone.occurrence, milestone.node, milestone.parent, milestone.stat, milestone.measure,
        milestone.threshold, milestone.threshold_source, null, null, null
    )::badges_internal.condition_state)
    into v_states
    from badges_internal.milestones as milestone
    where milestone.org_id = p_org_id
    and milestone.badge_definition_id = p_badge_definition_id
    and milestone.stat is not null
    and exists (
        select
        from badges.peer_mentor_stats as held
        where held.peer_mentor_id = p_peer_mentor_id
        and held.org_id = p_org_id
        and held.stat = milestone.stat
        and (
            held.has_negative
            or milestone.threshold <= badges_internal._measured(held, milestone.measure)
        )
    );
    return query
    select
        milestone.node, milestone.parent, milestone.tier, milestone.occurrence, milestone.path,
        milestone.measure, defined.selector,
        coalesce(measured.value, counted.badge_count, 0), milestone.threshold,
        milestone.threshold_source,
        coalesce(dated.came_true_at, counted.earned_at) is not null,
        coalesce(dated.came_true_at, counted.earned_at),
        dated.activity_id
    from badges_internal.milestones as milestone
    left join badges_internal.stat_definitions as defined
        on defined.org_id = milestone.org_id
        and defined.stat = milestone.stat
    left join unnest(badges_internal._date_conditions(v_states)) as dated
        on dated.tier = milestone.tier
        and dated.occurrence = milestone.occurrence
        and dated.node = milestone.node
    left join lateral (
        select max(case
            when badges_internal._measured(held, milestone.measure) >= milestone.threshold
                then badges_internal._measured(held, milestone.measure)
            when milestone.measure = 'day_run' then badges_internal._live_run(
                'day', held.day_run, held.run_end, p_as_of
            )
            when milestone.measure = 'week_run' then badges_internal._live_run(
                'week', held.week_run, held.run_end, p_as_of
            )
            when milestone.measure = 'month_run' then badges_internal._live_run(
                'month', held.month_run, held.run_end, p_as_of
            )
            else badges_internal._measured(held, milestone.measure)
        end) as value
        from badges.peer_mentor_stats as held
        where held.peer_mentor_id = p_peer_mentor_id
        and held.org_id = p_org_id
        and held.stat = milestone.stat
    ) as measured on true
    left join lateral (
        select
            (
                select count(*)
                from badges_internal._held_badges(
                    p_peer_mentor_id, p_org_id, p_badge_definition_id, milestone.badge_ids,
                    milestone.badge_category
                )
            )::numeric as badge_count,
            badges_internal._nth_badge(
                p_peer_mentor_id, p_org_id, p_badge_definition_id, milestone.badge_ids,
                milestone.badge_category, milestone.threshold
            ) as earned_at
        where milestone.measure = 'badges'
    ) as counted on true
    where milestone.org_id = p_org_id
    and milestone.badge_definition_id = p_badge_definition_id
    order by milestone.node, milestone.threshold;
end;
$$;

comment on function badges_internal._badge_conditions(uuid, text, text, date) is
'Measures every condition of one badge for a person, met or not.';
