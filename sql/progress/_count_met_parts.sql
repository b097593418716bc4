-- Counts the parts of a composed badge's root that hold, from the conditions that do.
--
-- p_parents: the group of each condition that holds, once for each. A none_of that is broken takes
-- away one of them.
create or replace function badges_internal._count_met_parts(
    p_badge_definition_id text,
    p_org_id text,
    p_parents integer[]
)
returns integer
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_met integer[] := coalesce(p_parents, '{}');
    v_broken integer[] := '{}'; -- the groups of what is broken
    v_group record;
    v_count integer;
begin
    for v_group in
        select grouped.node, grouped.parent, grouped.required, grouped.kind
        from badges_internal.condition_groups as grouped
        where grouped.org_id = p_org_id
        and grouped.badge_definition_id = p_badge_definition_id
        and grouped.parent is not null
        order by grouped.depth desc
    loop
        v_count := cardinality(array_positions(v_met, v_group.node))
            - cardinality(array_positions(v_broken, v_group.node));
        if v_group.kind = 'none_of' and v_count > 0 then
            v_broken := v_broken || v_group.parent;
        elsif v_group.kind <> 'none_of' and v_count >= v_group.required then
            v_met := v_met || v_group.parent;
        end if;
    end loop;
    return greatest(0, cardinality(array_positions(v_met, 0))
        - cardinality(array_positions(v_broken, 0)));
end;
$$;

comment on function badges_internal._count_met_parts(text, text, integer[]) is
'Counts the parts of a composed badge''s root that hold, from the conditions that do.';
