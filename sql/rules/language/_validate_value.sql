-- Lists what is wrong with a value against a kind of the grammar.
--
-- It recurses as deep as the grammar does, never as deep as the value.
create or replace function badges_internal._validate_value(p_kind jsonb, p_value jsonb, p_path text)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_spec jsonb := badges_internal._resolve_kind(p_kind);
    v_problem text;
begin
    case v_spec ->> 'is'
        when 'anything' then
            return '[]'::jsonb;
        when 'either' then
            return badges_internal._validate_value(
                coalesce(v_spec -> jsonb_typeof(p_value), v_spec -> 'else'), p_value, p_path
            );
        when 'word' then
            return badges_internal._validate_word(v_spec, p_value, p_path);
        when 'object' then
            return badges_internal._validate_object(v_spec, p_value, p_path);
        when 'map' then
            return badges_internal._validate_map(v_spec, p_value, p_path);
        when 'list' then
            return badges_internal._validate_list(v_spec, p_value, p_path);
        when 'span' then
            return badges_internal._validate_span(v_spec, p_value, p_path);
        else
            v_problem := badges_internal._validate_scalar(v_spec, p_value);
    end case;
    if v_problem is null then
        return '[]'::jsonb;
    end if;
    return badges_internal._problem(p_path, v_problem, badges_internal._allowed_here(v_spec));
end;
$$;

comment on function badges_internal._validate_value(jsonb, jsonb, text) is
'Lists what is wrong with a value against a kind of the grammar.';
