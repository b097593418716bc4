-- Lists what is wrong with a value that must be one of a few words.
create or replace function badges_internal._validate_word(p_spec jsonb, p_value jsonb, p_path text)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_allowed text := badges_internal._allowed_here(p_spec);
    v_word text;
    v_problems jsonb := '[]'::jsonb;
begin
    if jsonb_typeof(p_value) = 'object' then
        for v_word in
            select name from jsonb_object_keys(p_value) as name where p_spec -> 'later' ? name
        loop
            v_problems := v_problems || badges_internal._problem(
                badges_internal._path_step(p_path, v_word),
                format('%s is not supported in this version', to_jsonb(v_word)),
                v_allowed
            );
        end loop;
    end if;
    if v_problems <> '[]' then
        return v_problems;
    end if;
    v_word := p_value #>> '{}';
    return case
        when jsonb_typeof(p_value) <> 'string' then badges_internal._problem(
            p_path, badges_internal._must_not_be(p_value), v_allowed
        )
        when p_spec -> 'words' ? v_word then '[]'
        when p_spec -> 'later' ? v_word then badges_internal._problem(
            p_path, format('%s is not supported in this version', p_value), v_allowed
        )
        else badges_internal._problem(
            p_path,
            badges_internal._unknown_word(
                v_word,
                array(select jsonb_array_elements_text(p_spec -> 'words')),
                '',
                ' is not known'
            ),
            v_allowed
        )
    end;
end;
$$;

comment on function badges_internal._validate_word(jsonb, jsonb, text) is
'Lists what is wrong with a value that must be one of a few words.';
