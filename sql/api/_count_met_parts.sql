-- Counts the parts of a composed badge's root that hold for a person.
create or replace function badges_internal._count_met_parts(
    p_peer_mentor_id uuid,
    p_badge_definition_id text,
    p_org_id text,
    p_as_of date
)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_met integer[];
    v_group record;
begin
    select coalesce(array_agg(condition.parent), '{}')
    into v_met
    from badges_internal._badge_conditions(
        p_peer_mentor_id, p_badge_definition_id, p_org_id, p_as_of
    ) as condition
    where condition.is_met;
    -- v_met holds the group of each part that is met, from the leaves up.
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

comment on function badges_internal._count_met_parts(uuid, text, text, date) is
'Counts the parts of a composed badge''s root that hold for a person.';
