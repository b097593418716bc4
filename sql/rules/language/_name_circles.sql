-- Names a circle in each component of badges that need each other.
--
-- From the least badge of a component, the least that it needs there is followed until one comes
-- round. p_components: by the place in p_names, which are in order.
create or replace function badges_internal._name_circles(
    p_names text[],
    p_badges text[],
    p_needed text[],
    p_components integer[]
)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_following integer[]; -- the least badge needed in the same component, null = none
    v_seen integer[];
    v_walked integer[];
    v_badge integer;
    v_circles jsonb := '[]'::jsonb;
begin
    with named as materialized (
        select each.name, each.component, each.number::integer as number
        from unnest(p_names, p_components) with ordinality as each (name, component, number)
    ), following as (
        select badge.number, min(needed.number) as needed
        from unnest(p_badges, p_needed) as pair (badge, needed)
        join named as badge on badge.name = pair.badge
        join named as needed on needed.name = pair.needed and needed.component = badge.component
        group by badge.number
    )
    select array_agg(following.needed order by named.number), array_agg(0)
    into v_following, v_seen
    from named
    left join following on following.number = named.number;
    for v_badge in
        select min(each.number)
        from unnest(p_components, v_following) with ordinality as each (component, needed, number)
        where each.needed is not null
        group by each.component
        order by 1
    loop
        v_walked := '{}';
        while v_seen[v_badge] = 0 loop
            v_walked := v_walked || v_badge;
            v_seen[v_badge] := cardinality(v_walked);
            v_badge := v_following[v_badge];
        end loop;
        v_walked := v_walked[v_seen[v_badge]:];
        v_badge := array_position(v_walked, (select min(each) from unnest(v_walked) as each));
        v_circles := v_circles || jsonb_build_array((
            select jsonb_agg(p_names[each.number] order by each.place)
            from unnest(v_walked[v_badge:] || v_walked[:v_badge - 1] || v_walked[v_badge])
                with ordinality as each (number, place)
        ));
    end loop;
    return v_circles;
end;
$$;

comment on function badges_internal._name_circles(text[], text[], text[], integer[]) is
'Names a circle in each component of badges that need each other.';
