-- Decides the groups of composed badges from their conditions, met and dated; the leaves first.
--
-- Gives the conditions and the groups that hold. A group holds since the moment the last part it
-- needs came true. Where a part can fall or must not hold, as many parts as it needs must hold at
-- the same moment, and no none_of may be broken then: a none_of is here while one of its parts
-- holds. p_groups: those of the badges.
create or replace function badges_internal._decide_groups(
    p_dated badges_internal.condition_state[],
    p_groups badges_internal.condition_groups[]
)
returns badges_internal.condition_state[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
as $$
declare
    v_states badges_internal.condition_state[] := p_dated;
    v_depth integer := (select max(grouped.depth) from unnest(p_groups) as grouped);
begin
    while v_depth >= 0 loop
        with parts as (
            select
                part.*, grouped.node as whole, grouped.parent as above,
                greatest(grouped.required, 1) as required,
                broken.node is not null as is_broken,
                coalesce(part.held_during, tstzmultirange(tstzrange(part.came_true_at, null)))
                    as held
            from unnest(v_states) as part
            join unnest(p_groups) as grouped
                on grouped.org_id = part.org_id
                and grouped.badge_definition_id = part.badge_definition_id
                and grouped.node = part.parent
                and grouped.depth = v_depth
            left join unnest(p_groups) as broken
                on broken.org_id = part.org_id
                and broken.badge_definition_id = part.badge_definition_id
                and broken.node = part.node
                and broken.kind = 'none_of'
        ),
        wholes as (
            select
                parts.peer_mentor_id, parts.org_id, parts.badge_definition_id, parts.whole,
                parts.above, parts.required,
                max(parts.threshold_source) as threshold_source,
                array_agg(parts.came_true_at order by parts.came_true_at, parts.activity_id)
                    filter (where not parts.is_broken) as moments,
                array_agg(parts.activity_id order by parts.came_true_at, parts.activity_id)
                    filter (where not parts.is_broken) as activity_ids,
                case when bool_or(parts.held_during is not null or parts.is_broken) then
                    badges_internal._held_together(
                        array_agg(parts.held) filter (where not parts.is_broken), parts.required
                    ) - coalesce(range_agg(parts.held) filter (where parts.is_broken), '{}')
                end as held_during
            from parts
            group by
                parts.peer_mentor_id, parts.org_id, parts.badge_definition_id, parts.whole,
                parts.above, parts.required
            having count(*) filter (where not parts.is_broken) >= parts.required
        )
        select v_states || array_agg(row(
            wholes.peer_mentor_id, wholes.org_id, wholes.badge_definition_id, '', 1,
            wholes.whole, wholes.above, null, null, null, wholes.threshold_source,
            coalesce(lower(wholes.held_during), wholes.moments[wholes.required]),
            case
                when wholes.held_during is null then wholes.activity_ids[wholes.required]
                else badges_internal._activity_at(
                    wholes.peer_mentor_id, wholes.org_id, lower(wholes.held_during)
                )
            end,
            wholes.held_during
        )::badges_internal.condition_state)
        into v_states
        from wholes
        where not coalesce(isempty(wholes.held_during), false);
        v_depth := v_depth - 1;
    end loop;
    return v_states;
end;
$$;

comment on function badges_internal._decide_groups(
    badges_internal.condition_state[], badges_internal.condition_groups[]
) is
'Decides the groups of composed badges from their conditions, met and dated; the leaves first.';
