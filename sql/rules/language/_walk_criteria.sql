-- Lists every node of composed criteria with its path and depth, one level too deep at most.
--
-- A node of unknown type is walked as a composed one: its parts may have problems of their own.
create or replace function badges_internal._walk_criteria(p_criteria jsonb)
returns table (path text, node jsonb, depth integer)
language plpgsql
immutable
parallel safe
rows 10
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    with recursive nodes as (
        select
            '$'::text as path,
            p_criteria as node,
            1 as depth
        union all
        select
            badges_internal._path_step(above.path, composed.key)
                || '[' || part.ordinality - 1 || ']',
            part.value,
            above.depth + 1
        from nodes as above
        cross join lateral (
            select case
                when language.grammar -> 'types' ? (above.node ->> 'type')
                    then language.grammar -> 'parts' ->> (above.node ->> 'type')
                else 'criteria'
            end
            from badges_internal._criteria_grammar() as language (grammar)
        ) as composed (key)
        cross join lateral jsonb_array_elements(
            case
                when jsonb_typeof(above.node -> composed.key) = 'array'
                    then above.node -> composed.key
                else '[]'
            end
        ) with ordinality as part
        where above.depth <= (badges_internal._criteria_grammar() #> '{limits,depth}')::integer
    )
    select nodes.path, nodes.node, nodes.depth
    from nodes;
end;
$$;

comment on function badges_internal._walk_criteria(jsonb) is
'Lists every node of composed criteria with its path and depth, one level too deep at most.';
