-- Lists what is wrong with a value that must be one of a few words.
create or replace function badges_internal._validate_word(p_spec jsonb, p_value jsonb, p_path text)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_word text := p_value #>> '{}';
begin
    if jsonb_typeof(p_value) = 'string' and p_spec -> 'words' ? v_word then
        return '[]'::jsonb;
    end if;
    return badges_internal._problem(
        p_path,
        case
            when jsonb_typeof(p_value) <> 'string' then badges_internal._must_not_be(p_value)
            else badges_internal._unknown_word(
                v_word,
                array(select jsonb_array_elements_text(p_spec -> 'words')),
                '',
                ' is not known'
            )
        end,
        badges_internal._allowed_here(p_spec)
    );
end;
$$;

comment on function badges_internal._validate_word(jsonb, jsonb, text) is
'Lists what is wrong with a value that must be one of a few words.';
