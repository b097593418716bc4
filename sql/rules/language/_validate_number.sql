-- Lists what a condition would say of another number in the place of its own.
create or replace function badges_internal._validate_number(
    p_node jsonb,
    p_number jsonb,
    p_path text
)
returns jsonb
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(
        jsonb_agg(problem.value || jsonb_build_object('path', p_path)), '[]'
    )
    from (
        select grammar.spec -> 'types' -> (p_node ->> 'type') as spec, changed.key
        from badges_internal._criteria_grammar() as grammar (spec)
        cross join lateral (
            select grammar.spec -> 'numbers' ->> (p_node ->> 'type')
        ) as changed (key)
    ) as node
    cross join lateral (
        select badges_internal._validate_value(node.spec -> 'keys' -> node.key, p_number, '$')
            as problems
        union all
        select badges_internal._validate_rule(
            node.spec, rule.value, p_node || jsonb_build_object(node.key, p_number), '$'
        )
        from jsonb_array_elements(node.spec -> 'rules') as rule
        where rule.value ->> 'key' = node.key
    ) as found
    cross join lateral jsonb_array_elements(found.problems) as problem;
$$;

comment on function badges_internal._validate_number(jsonb, jsonb, text) is
'Lists what a condition would say of another number in the place of its own.';
