-- Lists what is wrong with one node of criteria, its parts left aside.
create or replace function badges_internal._validate_node(p_node jsonb, p_path text)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_grammar jsonb := badges_internal._criteria_grammar();
    v_type text := p_node ->> 'type';
    v_spec jsonb := v_grammar -> 'types' -> v_type;
    v_types text[] := array(
        select name from jsonb_object_keys(v_grammar -> 'types') as name order by name collate "C"
    );
    v_is_top boolean := p_path = '$';
    v_said text;
    v_problems jsonb := '[]'::jsonb;
    v_key text;
begin
    v_said := case
        when jsonb_typeof(p_node) <> 'object' then badges_internal._must_not_be(p_node)
        when not p_node ? 'type' then 'is missing'
        when jsonb_typeof(p_node -> 'type') <> 'string'
            then badges_internal._must_not_be(p_node -> 'type')
        when v_spec is null
            then badges_internal._unknown_word(v_type, v_types, '', ' is not known')
    end;
    if v_said is not null then
        return case when jsonb_typeof(p_node) <> 'object'
            then badges_internal._problem(p_path, v_said, 'criteria: an object with type')
            else badges_internal._problem(
                badges_internal._path_step(p_path, 'type'), v_said, array_to_string(v_types, ', ')
            )
        end;
    end if;
    if not v_is_top and v_grammar -> 'top_types' ? v_type then
        v_problems := badges_internal._problem(
            badges_internal._path_step(p_path, 'type'),
            format('%s stands only at the top of a badge', to_jsonb(v_type)),
            'a type that may be a part'
        );
    end if;
    for v_key in
        select name.value
        from jsonb_array_elements_text(
            v_grammar -> case when v_is_top then 'part_keys' else 'top_keys' end
        ) as name
        where p_node ? name.value
        and v_spec -> 'keys' ? name.value
    loop
        v_problems := v_problems || badges_internal._problem(
            badges_internal._path_step(p_path, v_key),
            format(
                '%s stands only %s',
                to_jsonb(v_key),
                case when v_is_top then 'on a part' else 'at the top of a badge' end
            ),
            badges_internal._allowed_here(v_spec)
        );
    end loop;
    return v_problems || badges_internal._validate_value(v_spec, p_node, p_path)
        || badges_internal._validate_parts(p_node, p_path);
end;
$$;

comment on function badges_internal._validate_node(jsonb, text) is
'Lists what is wrong with one node of criteria, its parts left aside.';
