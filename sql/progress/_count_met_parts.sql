-- Counts the parts of a composed badge's root that hold, from the conditions that do.
--
-- p_parents: the group of each condition that holds, once for each.
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
    v_group record;
begin
    for v_group in
        select grouped.node, grouped.parent, grouped.required
        from badges_internal.condition_groups as grouped
        where grouped.org_id = p_org_id
        and grouped.badge_definition_id = p_badge_definition_id
        and grouped.parent is not null
        order by grouped.depth desc
    loop
        if cardinality(array_positions(v_met, v_group.node)) >= v_group.required then
            v_met := v_met || v_group.parent;
        end if;
    end loop;
    return cardinality(array_positions(v_met, 0));
end;
$$;

comment on function badges_internal._count_met_parts(text, text, integer[]) is
'Counts the parts of a composed badge''s root that hold, from the conditions that do.';
