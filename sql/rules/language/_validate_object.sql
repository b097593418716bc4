-- Lists what is wrong with an object: its keys, their values, what is missing, what clashes.
create or replace function badges_internal._validate_object(
    p_spec jsonb,
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
    v_allowed text := badges_internal._allowed_here(p_spec);
    v_known text[] := array(select jsonb_object_keys(p_spec -> 'keys'));
    v_problems jsonb := '[]'::jsonb;
    v_key text;
    v_below jsonb;
    v_rule jsonb;
begin
    if jsonb_typeof(p_value) <> 'object' then
        return badges_internal._problem(p_path, badges_internal._must_not_be(p_value), v_allowed);
    elsif p_value = '{}' and p_spec ? 'from' then
        return badges_internal._problem(p_path, 'is empty', v_allowed);
    end if;
    for v_key, v_below in select each.key, each.value from jsonb_each(p_value) as each loop
        v_problems := v_problems || case
            when p_spec -> 'keys' ? v_key then badges_internal._validate_value(
                p_spec -> 'keys' -> v_key, v_below, badges_internal._path_step(p_path, v_key)
            )
            else badges_internal._problem(
                badges_internal._path_step(p_path, v_key),
                badges_internal._unknown_word(v_key, v_known, 'unknown key ', ''),
                v_allowed
            )
        end;
    end loop;
    for v_key in select name from jsonb_array_elements_text(p_spec -> 'required') as name loop
        if not p_value ? v_key then
            v_problems := v_problems || badges_internal._problem(
                badges_internal._path_step(p_path, v_key),
                'is missing',
                badges_internal._allowed_here(p_spec -> 'keys' -> v_key)
            );
        end if;
    end loop;
    for v_rule in select each.value from jsonb_array_elements(p_spec -> 'rules') as each loop
        v_problems := v_problems
            || badges_internal._validate_rule(p_spec, v_rule, p_value, p_path);
    end loop;
    return v_problems;
end;
$$;

comment on function badges_internal._validate_object(jsonb, jsonb, text) is
'Lists what is wrong with an object: its keys, their values, what is missing, what clashes.';
