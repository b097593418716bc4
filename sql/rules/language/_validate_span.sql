-- Lists what is wrong with a span of times of day: two ends that are not the same.
create or replace function badges_internal._validate_span(p_spec jsonb, p_value jsonb, p_path text)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_allowed text := badges_internal._allowed_here(p_spec);
    v_problems jsonb := '[]'::jsonb;
begin
    if jsonb_typeof(p_value) <> 'array' then
        return badges_internal._problem(p_path, badges_internal._must_not_be(p_value), v_allowed);
    elsif jsonb_array_length(p_value) <> jsonb_array_length(p_spec -> 'items') then
        return badges_internal._problem(p_path, 'is not two times', v_allowed);
    end if;
    for v_index in 0..1 loop
        v_problems := v_problems || badges_internal._validate_value(
            p_spec -> 'items' -> v_index, p_value -> v_index, p_path || '[' || v_index || ']'
        );
    end loop;
    if v_problems = '[]'
    and badges_internal._minute_of_day(p_value -> 0) = badges_internal._minute_of_day(p_value -> 1)
    then
        return badges_internal._problem(p_path, 'is empty, as both ends are the same', v_allowed);
    end if;
    return v_problems;
end;
$$;

comment on function badges_internal._validate_span(jsonb, jsonb, text) is
'Lists what is wrong with a span of times of day: two ends that are not the same.';
