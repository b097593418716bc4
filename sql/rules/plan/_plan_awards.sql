-- Gives the awards that planned conditions, as far as they hold, come to; dated where they are.
--
-- nearest: as in _plan_conditions, of composed badges, whose value is how many of the root's parts
-- hold; who has broken a none_of is near to nothing.
create or replace function badges_internal._plan_awards(
    p_states badges_internal.condition_state[],
    p_groups badges_internal.condition_groups[],
    out awards badges_internal.dated_award[],
    out nearest jsonb
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set work_mem = '64MB'
as $$
declare
    v_parts badges_internal.condition_state[] := array(
        select state from unnest(p_states) as state where state.parent is not null
    );
begin
    v_parts := badges_internal._decide_groups(v_parts, p_groups);
    awards := array(
        select row(
            root.peer_mentor_id, root.org_id, root.badge_definition_id, root.tier,
            root.occurrence, root.came_true_at, null, root.threshold, root.threshold_source
        )::badges_internal.dated_award
        from unnest(p_states) as root
        where root.parent is null
        union all
        select row(
            whole.peer_mentor_id, whole.org_id, whole.badge_definition_id, '', 1,
            whole.came_true_at, null, null, 'default'
        )::badges_internal.dated_award
        from unnest(v_parts) as whole
        where whole.parent is null
    );
    nearest := '[]';
    if v_parts = '{}' then
        return;
    end if;
    with parts as (
        select
            part.peer_mentor_id, part.org_id, part.badge_definition_id, grouped.required,
            count(*) as held
        from unnest(v_parts) as part
        join unnest(p_groups) as grouped
            on grouped.org_id = part.org_id
            and grouped.badge_definition_id = part.badge_definition_id
            and grouped.node = part.parent
            and grouped.parent is null
        left join unnest(p_groups) as broken
            on broken.org_id = part.org_id
            and broken.badge_definition_id = part.badge_definition_id
            and broken.node = part.node
            and broken.kind = 'none_of'
        group by
            part.peer_mentor_id, part.org_id, part.badge_definition_id, grouped.required
        having count(*) < grouped.required
        and count(broken.node) = 0
    ),
    ranked as (
        select
            parts.*,
            row_number() over (
                partition by parts.org_id, parts.badge_definition_id
                order by parts.held desc, parts.peer_mentor_id
            ) as place
        from parts
        left join badges.earned_badges as earned
            on earned.peer_mentor_id = parts.peer_mentor_id
            and earned.org_id = parts.org_id
            and earned.badge_definition_id = parts.badge_definition_id
        where earned.peer_mentor_id is null
    )
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'org_id', ranked.org_id, 'badge_definition_id', ranked.badge_definition_id,
                'peer_mentor_id', ranked.peer_mentor_id, 'tier', '', 'occurrence', 1,
                'value', ranked.held, 'target', ranked.required,
                'fraction', trim_scale(round(ranked.held::numeric / ranked.required, 4))
            )
            order by ranked.org_id, ranked.badge_definition_id, ranked.place
        ),
        '[]'
    )
    into nearest
    from ranked
    where ranked.place <= 3;
end;
$$;

comment on function badges_internal._plan_awards(
    badges_internal.condition_state[], badges_internal.condition_groups[]
) is
'Gives the awards that planned conditions, as far as they hold, come to; dated where they are.';
