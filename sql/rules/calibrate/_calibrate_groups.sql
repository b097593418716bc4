-- Gives the highest number at which each person has a composed badge, from those of its parts.
--
-- p_parts: in threshold, the highest number at which the person has the part: what it has of the
-- number p_node that is asked for, infinity where it holds whatever that number is. A group has the
-- required-th highest of its parts; as the one asked for, how many of them hold.
create or replace function badges_internal._calibrate_groups(
    p_parts badges_internal.condition_state[],
    p_groups badges_internal.condition_groups[],
    p_node integer
)
returns badges_internal.condition_state[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set work_mem = '64MB'
as $$
declare
    v_parts badges_internal.condition_state[] := p_parts;
    v_depth integer := (select max(grouped.depth) from unnest(p_groups) as grouped);
begin
    while v_depth >= 0 loop
        v_parts := v_parts || array(
            select row(
                part.peer_mentor_id, part.org_id, part.badge_definition_id, '', 1, grouped.node,
                grouped.parent, null, null,
                case
                    when grouped.node = p_node then count(*)::numeric
                    else (array_agg(part.threshold order by part.threshold desc))[grouped.required]
                end,
                'default', null, null, null
            )::badges_internal.condition_state
            from unnest(v_parts) as part
            join unnest(p_groups) as grouped
                on grouped.org_id = part.org_id
                and grouped.node = part.parent
                and grouped.depth = v_depth
            group by
                part.peer_mentor_id, part.org_id, part.badge_definition_id, grouped.node,
                grouped.parent, grouped.required
            having count(*) >= grouped.required or grouped.node = p_node
        );
        v_depth := v_depth - 1;
    end loop;
    return array(select part from unnest(v_parts) as part where part.parent is null);
end;
$$;

comment on function badges_internal._calibrate_groups(
    badges_internal.condition_state[], badges_internal.condition_groups[], integer
) is
'Gives the highest number at which each person has a composed badge, from those of its parts.';
