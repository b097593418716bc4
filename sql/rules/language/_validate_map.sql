-- Lists what is wrong with an object whose keys the writer chooses.
create or replace function badges_internal._validate_map(p_spec jsonb, p_value jsonb, p_path text)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_problems jsonb := '[]'::jsonb;
    v_key text;
    v_below jsonb;
    v_place text;
begin
    if jsonb_typeof(p_value) <> 'object' then
        return badges_internal._problem(
            p_path, badges_internal._must_not_be(p_value), badges_internal._allowed_here(p_spec)
        );
    elsif p_value = '{}' and p_spec ? 'from' then
        return badges_internal._problem(
            p_path, 'is empty', badges_internal._allowed_here(p_spec)
        );
    end if;
    for v_key, v_below in select each.key, each.value from jsonb_each(p_value) as each loop
        v_place := badges_internal._path_step(p_path, v_key);
        v_problems := v_problems
            || badges_internal._validate_value(p_spec -> 'names', to_jsonb(v_key), v_place)
            || badges_internal._validate_value(p_spec -> 'values', v_below, v_place);
    end loop;
    return v_problems;
end;
$$;

comment on function badges_internal._validate_map(jsonb, jsonb, text) is
'Lists what is wrong with an object whose keys the writer chooses.';
