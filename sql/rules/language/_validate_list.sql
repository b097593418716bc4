-- Lists what is wrong with a list: its elements, repetitions, numbers that do not rise.
create or replace function badges_internal._validate_list(p_spec jsonb, p_value jsonb, p_path text)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_allowed text := badges_internal._allowed_here(p_spec);
    v_unique text := p_spec ->> 'unique';
    v_problems jsonb := '[]'::jsonb;
    v_element jsonb;
    v_index bigint;
    v_place text;
    v_identity jsonb;
    v_seen jsonb[] := array[]::jsonb[];
begin
    if jsonb_typeof(p_value) <> 'array' then
        return badges_internal._problem(p_path, badges_internal._must_not_be(p_value), v_allowed);
    elsif p_value = '[]' and coalesce((p_spec -> 'from')::integer, 1) > 0 then
        return badges_internal._problem(p_path, 'is empty', v_allowed);
    end if;
    for v_element, v_index in
        select each.value, each.ordinality - 1
        from jsonb_array_elements(p_value) with ordinality as each
    loop
        v_place := p_path || '[' || v_index || ']';
        v_problems := v_problems
            || badges_internal._validate_value(p_spec -> 'items', v_element, v_place);
        continue when v_unique is null;
        v_identity := case
            when v_unique = '' then v_element
            when jsonb_typeof(v_element) = 'object' then v_element -> v_unique
        end;
        continue when coalesce(jsonb_typeof(v_identity), 'null') in ('null', 'object', 'array');
        if v_identity = any (v_seen) then
            v_problems := v_problems || badges_internal._problem(
                case v_unique
                    when '' then v_place
                    else badges_internal._path_step(v_place, v_unique)
                end,
                'is there twice',
                v_allowed
            );
        end if;
        v_seen := v_seen || v_identity;
    end loop;
    if p_spec ? 'rising' then
        v_problems := v_problems
            || badges_internal._validate_rising(p_value, p_spec ->> 'rising', p_path);
    end if;
    return v_problems;
end;
$$;

comment on function badges_internal._validate_list(jsonb, jsonb, text) is
'Lists what is wrong with a list: its elements, repetitions, numbers that do not rise.';
