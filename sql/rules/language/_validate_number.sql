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
        jsonb_agg(each.value || jsonb_build_object('path', p_path)), '[]'
    )
    from badges_internal._criteria_grammar() as grammar (spec)
    cross join lateral (
        select grammar.spec -> 'numbers' ->> (p_node ->> 'type')
    ) as changed (key)
    cross join lateral jsonb_array_elements(
        badges_internal._validate_value(
            grammar.spec -> 'types' -> (p_node ->> 'type'),
            p_node || jsonb_build_object(changed.key, p_number),
            '$'
        )
    ) as each
    where each.value ->> 'path' = badges_internal._path_step('$', changed.key);
$$;

comment on function badges_internal._validate_number(jsonb, jsonb, text) is
'Lists what a condition would say of another number in the place of its own.';
