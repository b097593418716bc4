-- Decides the groups of composed badges at one depth from their parts, met and dated.
--
-- A group holds since the moment the last part it needs came true. Where a part can fall, as many
-- parts as it needs must hold at the same moment.
create or replace function badges_internal._decide_groups(
    p_parts badges_internal.condition_state[],
    p_depth integer
)
returns badges_internal.condition_state[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        with wholes as (
            select
                part.peer_mentor_id, part.org_id, part.badge_definition_id, grouped.node,
                grouped.parent, grouped.required,
                max(part.threshold_source) as threshold_source,
                array_agg(part.came_true_at order by part.came_true_at, part.activity_id)
                    as moments,
                array_agg(part.activity_id order by part.came_true_at, part.activity_id)
                    as activity_ids,
                case when bool_or(part.held_during is not null) then badges_internal._held_together(
                    array_agg(coalesce(
                        part.held_during, tstzmultirange(tstzrange(part.came_true_at, null))
                    )),
                    grouped.required
                ) end as held_during
            from unnest(p_parts) as part
            join badges_internal.condition_groups as grouped
                on grouped.org_id = part.org_id
                and grouped.badge_definition_id = part.badge_definition_id
                and grouped.node = part.parent
            where grouped.depth = p_depth
            group by
                part.peer_mentor_id, part.org_id, part.badge_definition_id, grouped.node,
                grouped.parent, grouped.required
            having count(*) >= grouped.required
        )
        select coalesce(
            array_agg(row(
                wholes.peer_mentor_id, wholes.org_id, wholes.badge_definition_id, '', 1,
                wholes.node, wholes.parent, null, null, null, wholes.threshold_source,
                coalesce(lower(wholes.held_during), wholes.moments[wholes.required]),
                case
                    when wholes.held_during is null then wholes.activity_ids[wholes.required]
                    else (
                        select max(activity.activity_id)
                        from badges.activities as activity
                        where activity.peer_mentor_id = wholes.peer_mentor_id
                        and activity.org_id = wholes.org_id
                        and activity.occurred_at = lower(wholes.held_during)
                    )
                end,
                wholes.held_during
            )::badges_internal.condition_state)
                filter (where not coalesce(isempty(wholes.held_during), false)),
            '{}'
        )
        from wholes
    );
end;
$$;

comment on function badges_internal._decide_groups(badges_internal.condition_state[], integer) is
'Decides the groups of composed badges at one depth from their parts, met and dated.';
