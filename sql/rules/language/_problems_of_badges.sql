-- Lists which of the named badges a document does not have, the first places with the nearest one.
--
-- p_paths: where the badges are named.
create or replace function badges_internal._problems_of_badges(
    p_document jsonb,
    p_paths text[],
    p_badges text[]
)
returns jsonb
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    with known as materialized (
        select jsonb_object_agg(each.key, true) as badges, array_agg(each.key) as slugs
        from jsonb_each(badges_internal._object_or_empty(p_document -> 'badges')) as each
        where jsonb_typeof(each.value) = 'object'
    ), missing as (
        select named.path, named.badge, known.slugs
        from known
        cross join unnest(p_paths, p_badges) as named (path, badge)
        where (known.badges ? named.badge) is not true
        order by named.path collate "C"
        limit (badges_internal._criteria_grammar() #> '{limits,problems}')::integer
    )
    select coalesce(
        jsonb_agg(
            badges_internal._problem(
                missing.path,
                badges_internal._unknown_word(
                    missing.badge, missing.slugs, 'badge ', ' does not exist'
                ),
                'a badge of this document'
            ) -> 0
        ),
        '[]'
    )
    from missing;
$$;

comment on function badges_internal._problems_of_badges(jsonb, text[], text[]) is
'Lists which of the named badges a document does not have, the first places with the nearest one.';
