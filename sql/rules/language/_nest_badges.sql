-- Finds how deep badges that need badges nest, and the circles in which some need each other.
--
-- p_badges and p_needed are pairs; '' is needed by a badge that lists none. Each circle begins and
-- ends with its least badge, one for all that need each other. Every badge and every pair is
-- visited once (Tarjan's strongly connected components).
create or replace function badges_internal._nest_badges(
    p_badges text[],
    p_needed text[],
    out depths jsonb,
    out circles jsonb
)
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_names constant text[] := array(
        select distinct unnest(p_badges || p_needed) collate "C" as name order by name
    );
    v_needed integer[]; -- numbers of the badges needed, those of one badge beside each other
    v_next integer[]; -- where in v_needed the badge's next one stands
    v_end integer[];
    v_visit integer[]; -- in the order of first visits, 0 = none yet
    v_low integer[]; -- the least visit that is reached within the component
    v_component integer[]; -- one of its badges, 0 = not known yet
    v_depth integer[];
    v_way integer[]; -- from where we began to where we stand
    v_open integer[]; -- visited, component not known yet
    v_length integer := 0;
    v_opened integer := 0;
    v_visits integer := 0;
    v_badge integer;
    v_other integer;
begin
    with named as materialized (
        select each.name, each.number::integer as number
        from unnest(v_names) with ordinality as each (name, number)
    ), pairs as materialized (
        select distinct badge.number as badge, needed.number as needed
        from unnest(p_badges, p_needed) as pair (badge, needed)
        join named as badge on badge.name = pair.badge
        join named as needed on needed.name = pair.needed
    ), ends as (
        select
            named.number,
            count(pairs.badge) as own,
            sum(count(pairs.badge)) over (order by named.number) as last
        from named
        left join pairs on pairs.badge = named.number
        group by named.number
    )
    select
        (select array_agg(pairs.needed order by pairs.badge, pairs.needed) from pairs),
        array_agg((ends.last - ends.own + 1)::integer order by ends.number),
        array_agg(ends.last::integer order by ends.number),
        array_agg(0), array_agg(0), array_agg(0), array_agg(0), array_agg(0), array_agg(0)
    into v_needed, v_next, v_end, v_visit, v_low, v_component, v_depth, v_way, v_open
    from ends;
    for v_root in 1..cardinality(v_names) loop
        continue when v_visit[v_root] > 0;
        v_badge := v_root;
        loop
            if v_visit[v_badge] = 0 then
                v_visits := v_visits + 1;
                v_visit[v_badge] := v_visits;
                v_low[v_badge] := v_visits;
                v_length := v_length + 1;
                v_way[v_length] := v_badge;
                v_opened := v_opened + 1;
                v_open[v_opened] := v_badge;
            end if;
            if v_next[v_badge] <= v_end[v_badge] then
                v_other := v_needed[v_next[v_badge]];
                v_next[v_badge] := v_next[v_badge] + 1;
                if v_visit[v_other] = 0 then
                    v_badge := v_other;
                elsif v_component[v_other] = 0 then
                    v_low[v_badge] := least(v_low[v_badge], v_visit[v_other]);
                else
                    v_depth[v_badge] := greatest(v_depth[v_badge], v_depth[v_other] + 1);
                end if;
                continue;
            end if;
            if v_low[v_badge] = v_visit[v_badge] then
                loop
                    v_other := v_open[v_opened];
                    v_opened := v_opened - 1;
                    v_component[v_other] := v_badge;
                    exit when v_other = v_badge;
                end loop;
            end if;
            v_length := v_length - 1;
            exit when v_length = 0;
            v_other := v_way[v_length];
            v_low[v_other] := least(v_low[v_other], v_low[v_badge]);
            if v_component[v_badge] > 0 then
                v_depth[v_other] := greatest(v_depth[v_other], v_depth[v_badge] + 1);
            end if;
            v_badge := v_other;
        end loop;
    end loop;
    circles := badges_internal._name_circles(v_names, p_badges, p_needed, v_component);
    select coalesce(jsonb_object_agg(each.name, each.depth), '{}')
    into depths
    from unnest(v_names, v_depth) as each (name, depth)
    where each.name <> '';
end;
$$;

comment on function badges_internal._nest_badges(text[], text[]) is
'Finds how deep badges that need badges nest, and the circles in which some need each other.';
