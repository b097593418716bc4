-- Lists the badges under badges_earned that are unknown, go in a circle or nest too deep.
create or replace function badges_internal._validate_held_badges(p_document jsonb, p_written jsonb)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_limits constant jsonb := badges_internal._criteria_grammar() -> 'limits';
    v_badges constant jsonb := badges_internal._object_or_empty(p_document -> 'badges');
    v_paths text[];
    v_listed text[];
    v_nested record;
begin
    select array_agg(held.path), array_agg(held.listed)
    into v_paths, v_listed
    from badges_internal._listed_badges(p_written) as held
    where held.listed <> '';
    select nested.*
    into v_nested
    from (
        select array_agg(held.badge) as badges, array_agg(held.listed) as listed
        from badges_internal._listed_badges(p_written) as held
        where held.listed = ''
        or jsonb_typeof(v_badges -> held.listed) = 'object'
    ) as pairs
    cross join lateral badges_internal._nest_badges(pairs.badges, pairs.listed) as nested;
    return badges_internal._problems_of_badges(p_document, v_paths, v_listed) || coalesce(
        (
            select jsonb_agg(
                badges_internal._problem(
                    badges_internal._path_step('$.badges', found.badge) || '.criteria',
                    found.problem,
                    found.allowed
                ) -> 0
            )
            from (
                select
                    circle.value ->> 0 as badge,
                    badges_internal._circle_text(circle.value) as problem,
                    'badges that do not need each other' as allowed
                from jsonb_array_elements(v_nested.circles) as circle
                union all
                select
                    depth.key, format('badges_earned goes %s badges deep', depth.value),
                    format('at most %s badges deep', v_limits -> 'badge_depth')
                from jsonb_each(v_nested.depths) as depth
                -- Those that lie deeper need one of these.
                where depth.value::integer = (v_limits -> 'badge_depth')::integer + 1
            ) as found
        ),
        '[]'
    );
end;
$$;

comment on function badges_internal._validate_held_badges(jsonb, jsonb) is
'Lists the badges under badges_earned that are unknown, go in a circle or nest too deep.';
