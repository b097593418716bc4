-- Gives the awards that planned conditions, as far as they hold, come to; dated where they are.
--
-- Composed badges are decided from the leaves up: a group holds where as many parts as it needs
-- do, at the same moment where one of them can fall. nearest: as in _plan_conditions, of composed
-- badges, whose value is how many of the root's parts hold.
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
    v_roots badges_internal.condition_state[] := case when v_parts = '{}' then p_states
        else array(select state from unnest(p_states) as state where state.parent is null) end;
    v_wholes badges_internal.condition_state[];
    v_depth integer := case when v_parts <> '{}' then (
        select max(grouped.depth) from unnest(p_groups) as grouped
    ) end;
begin
    while v_depth >= 0 loop
        with wholes as (
            select
                part.peer_mentor_id, part.org_id, part.badge_definition_id, grouped.node,
                grouped.parent,
                (array_agg(part.came_true_at order by part.came_true_at))[grouped.required]
                    as came_true_at,
                case when bool_or(part.held_during is not null) then badges_internal._held_together(
                    array_agg(coalesce(
                        part.held_during, tstzmultirange(tstzrange(part.came_true_at, null))
                    )),
                    grouped.required
                ) end as held_during
            from unnest(v_parts) as part
            join unnest(p_groups) as grouped
                on grouped.org_id = part.org_id
                and grouped.badge_definition_id = part.badge_definition_id
                and grouped.node = part.parent
                and grouped.depth = v_depth
            group by
                part.peer_mentor_id, part.org_id, part.badge_definition_id, grouped.node,
                grouped.parent, grouped.required
            having count(*) >= grouped.required
        )
        select array_agg(row(
            wholes.peer_mentor_id, wholes.org_id, wholes.badge_definition_id, '', 1,
            wholes.node, wholes.parent, null, null, null, 'default',
            coalesce(lower(wholes.held_during), wholes.came_true_at), null, wholes.held_during
        )::badges_internal.condition_state)
        into v_wholes
        from wholes
        where not coalesce(isempty(wholes.held_during), false);
        v_parts := v_parts || array(
            select whole from unnest(v_wholes) as whole where whole.parent is not null
        );
        v_roots := v_roots || array(
            select whole from unnest(v_wholes) as whole where whole.parent is null
        );
        v_depth := v_depth - 1;
    end loop;
    awards := array(
        select row(
            root.peer_mentor_id, root.org_id, root.badge_definition_id, root.tier,
            root.occurrence, root.came_true_at, null, root.threshold, root.threshold_source
        )::badges_internal.dated_award
        from unnest(v_roots) as root
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
        group by
            part.peer_mentor_id, part.org_id, part.badge_definition_id, grouped.required
        having count(*) < grouped.required
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
