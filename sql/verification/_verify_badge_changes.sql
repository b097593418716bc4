-- Tells when every badge began to hold, by activities and held badges, and when it ceased to.
--
-- A composed badge is settled from its deepest parts to its root: each pass turns the changes of
-- one depth's parts into the changes of the groups above. A condition is a group of its buckets. A
-- none_of takes from its group what others give.
create or replace function badges_internal._verify_badge_changes(
    p_scope badges_internal.verified_scope
)
returns setof badges_internal.verified_crossing
language sql
stable
parallel safe
begin atomic
    with recursive nodes as materialized (
        select
            grouped.org_id, grouped.badge_definition_id, grouped.node, grouped.parent,
            grouped.depth, greatest(grouped.required, 1) as required,
            case when grouped.kind = 'none_of' then -1 else 1 end as weight
        from badges_internal.condition_groups as grouped
        union all
        select
            milestone.org_id, milestone.badge_definition_id, milestone.node, milestone.parent,
            above.depth + 1, 1, 1
        from badges_internal.milestones as milestone
        inner join badges_internal.condition_groups as above
            on above.org_id = milestone.org_id
            and above.badge_definition_id = milestone.badge_definition_id
            and above.node = milestone.parent
    ), crossings as materialized (
        select crossing.*
        from badges_internal._verify_lasting_crossings(p_scope) as crossing
        union all
        select crossing.*
        from badges_internal._verify_level_crossings(p_scope) as crossing
        union all
        select crossing.*
        from badges_internal._verify_run_crossings(p_scope) as crossing
        union all
        select crossing.*
        from badges_internal._verify_live_crossings(p_scope) as crossing
        union all
        select crossing.*
        from badges_internal._verify_tenure_crossings(p_scope) as crossing
        union all
        select crossing.*
        from badges_internal._verify_badge_crossings(p_scope) as crossing
    ), parts as (
        select
            crossing.peer_mentor_id,
            crossing.org_id,
            crossing.badge_definition_id,
            node.node,
            node.parent,
            node.depth,
            node.required,
            node.weight,
            crossing.changed_at,
            crossing.change,
            (select max(deepest.depth) from nodes as deepest) as pass
        from crossings as crossing
        inner join nodes as node
            on node.org_id = crossing.org_id
            and node.badge_definition_id = crossing.badge_definition_id
            and node.node = crossing.condition_node
        union all
        select
            risen.peer_mentor_id,
            risen.org_id,
            risen.badge_definition_id,
            node.node,
            node.parent,
            node.depth,
            node.required,
            node.weight,
            risen.changed_at,
            risen.change,
            risen.pass - 1
        from (
            select
                counted.peer_mentor_id,
                counted.org_id,
                counted.badge_definition_id,
                counted.changed_at,
                counted.pass,
                case when counted.depth = counted.pass then counted.parent else counted.node end
                    as next_node,
                case
                    when counted.depth < counted.pass then counted.change
                    when counted.holds then counted.weight
                    else -counted.weight
                end as change
            from (
                select
                    part.peer_mentor_id,
                    part.org_id,
                    part.badge_definition_id,
                    part.node,
                    part.parent,
                    part.depth,
                    part.weight,
                    part.changed_at,
                    part.change,
                    part.pass,
                    sum(part.change) over in_order >= part.required as holds,
                    coalesce(
                        sum(part.change) over (
                            in_order groups between unbounded preceding and 1 preceding
                        ) >= part.required,
                        false
                    ) as held,
                    row_number() over (
                        partition by
                            part.peer_mentor_id,
                            part.org_id,
                            part.badge_definition_id,
                            part.node,
                            part.changed_at
                    ) as place
                from parts as part
                where part.pass >= 0
                window in_order as (
                    partition by
                        part.peer_mentor_id, part.org_id, part.badge_definition_id, part.node
                    order by part.changed_at
                )
            ) as counted
            where counted.depth < counted.pass
            or (counted.place = 1 and counted.holds <> counted.held)
        ) as risen
        left join nodes as node
            on node.org_id = risen.org_id
            and node.badge_definition_id = risen.badge_definition_id
            and node.node = risen.next_node
    )
    select crossing.*
    from crossings as crossing
    where crossing.condition_node is null
    union all
    select
        part.peer_mentor_id, part.org_id, part.badge_definition_id, '', 1, null, part.changed_at,
        part.change
    from parts as part
    where part.pass = -1;
end;

comment on function badges_internal._verify_badge_changes(badges_internal.verified_scope) is
'Tells when every badge began to hold, by activities and held badges, and when it ceased to.';
