-- Lists the badges under badges_earned that are unknown, not enabled or go in a circle.
create or replace function badges_internal._validate_held_badges(p_document jsonb, p_sound jsonb)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_slugs text[] := array(
        select each.key
        from jsonb_each(badges_internal._object_or_empty(p_document -> 'badges')) as each
        where jsonb_typeof(each.value) = 'object'
    );
    v_problems jsonb := '[]'::jsonb;
    v_badge text;
    v_listed text;
    v_path text;
    v_org_id text;
    v_circle jsonb;
    v_badges text[] := array[]::text[];
    v_needed text[] := array[]::text[];
begin
    for v_badge, v_listed, v_path in
        select held.badge, held.listed, held.path
        from badges_internal._listed_badges(p_sound) as held
    loop
        if v_listed <> all (v_slugs) then
            v_problems := v_problems || badges_internal._problem(
                v_path,
                badges_internal._unknown_word(v_listed, v_slugs, 'badge ', ' does not exist'),
                'a badge of this document'
            );
            continue;
        end if;
        v_badges := v_badges || v_badge;
        v_needed := v_needed || v_listed;
        for v_org_id in
            select each.key
            from jsonb_each(badges_internal._object_or_empty(p_document -> 'organizations')) as each
            where jsonb_typeof(each.value) = 'object'
            and jsonb_typeof(each.value -> 'badges') = 'array'
            and each.value -> 'badges' ? v_badge
            and not each.value -> 'badges' ? v_listed
        loop
            v_problems := v_problems || badges_internal._problem(
                v_path,
                format('badge %s is not enabled in %s', to_jsonb(v_listed), to_jsonb(v_org_id)),
                format('badges enabled wherever %s is', v_badge)
            );
        end loop;
    end loop;
    for v_circle in
        select each.value
        from jsonb_array_elements(badges_internal._find_circles(v_badges, v_needed)) as each
    loop
        v_problems := v_problems || badges_internal._problem(
            badges_internal._path_step('$.badges', v_circle ->> 0) || '.criteria',
            'badges_earned goes in a circle: ' || (
                select string_agg(badge.value, ', ' order by badge.ordinality)
                from jsonb_array_elements_text(v_circle) with ordinality as badge
            ),
            'badges that do not need each other'
        );
    end loop;
    return v_problems;
end;
$$;

comment on function badges_internal._validate_held_badges(jsonb, jsonb) is
'Lists the badges under badges_earned that are unknown, not enabled or go in a circle.';
