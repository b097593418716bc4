-- Tells when the groups at one depth of badges that lapse held for people, from their parts' times.
--
-- A part that never held has no state.
create or replace function badges_internal._group_spans(
    p_peer_mentor_ids uuid[],
    p_groups badges_internal.condition_groups[], -- of one depth
    p_parts badges_internal.condition_state[]
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
                person.peer_mentor_id, grouped.org_id, grouped.badge_definition_id, grouped.node,
                grouped.parent,
                max(part.threshold_source) as threshold_source,
                case grouped.kind
                    when 'none_of' then tstzmultirange(tstzrange('-infinity', null)) - coalesce(
                        range_agg(part.held_during) filter (where part.node is not null), '{}'
                    )
                    else badges_internal._held_together(
                        array_agg(part.held_during) filter (where part.node is not null),
                        grouped.required
                    )
                end as held_during
            from unnest(p_groups) as grouped
            cross join unnest(p_peer_mentor_ids) as person (peer_mentor_id)
            left join unnest(p_parts) as part
                on part.peer_mentor_id = person.peer_mentor_id
                and part.badge_definition_id = grouped.badge_definition_id
                and part.parent = grouped.node
            group by
                person.peer_mentor_id, grouped.org_id, grouped.badge_definition_id, grouped.node,
                grouped.parent, grouped.kind, grouped.required
            having grouped.kind = 'none_of' or count(part.node) >= grouped.required
        )
        select array_agg(row(
            wholes.peer_mentor_id, wholes.org_id, wholes.badge_definition_id, '', 1,
            wholes.node, wholes.parent, null, null, null, wholes.threshold_source, null, null,
            wholes.held_during
        )::badges_internal.condition_state)
        from wholes
        where not isempty(wholes.held_during)
    );
end;
$$;

comment on function badges_internal._group_spans(
    uuid[], badges_internal.condition_groups[], badges_internal.condition_state[]
) is
'Tells when the groups at one depth of badges that lapse held for people, from their parts'' times.';
