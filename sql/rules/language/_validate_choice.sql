-- Lists what is wrong with an object that must have exactly one of some keys.
create or replace function badges_internal._validate_choice(
    p_keys text[],
    p_value jsonb,
    p_path text
)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_allowed text := 'one of ' || array_to_string(p_keys, ', ');
    v_given text[] := array(
        select each.key
        from unnest(p_keys) with ordinality as each (key, place)
        where p_value ? each.key
        order by each.place
    );
    v_problems jsonb := '[]'::jsonb;
begin
    if v_given = '{}' then
        return badges_internal._problem(
            badges_internal._path_step(p_path, p_keys[1]),
            'is missing, as there is no ' || array_to_string(p_keys[2:], ' or '),
            v_allowed
        );
    end if;
    for v_place in 2..cardinality(v_given) loop
        v_problems := v_problems || badges_internal._problem(
            badges_internal._path_step(p_path, v_given[v_place]),
            format('does not go with %s', v_given[1]),
            v_allowed
        );
    end loop;
    return v_problems;
end;
$$;

comment on function badges_internal._validate_choice(text[], jsonb, text) is
'Lists what is wrong with an object that must have exactly one of some keys.';
