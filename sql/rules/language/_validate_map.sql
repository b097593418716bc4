-- Lists what is wrong with an object whose keys the writer chooses.
--
-- As many problems as one list or object may tell; what comes after is not looked at.
create or replace function badges_internal._validate_map(p_spec jsonb, p_value jsonb, p_path text)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_said text := case
        when jsonb_typeof(p_value) <> 'object' then badges_internal._must_not_be(p_value)
        else badges_internal._wrong_number_of(
            p_spec, (select count(*) from jsonb_object_keys(p_value))::integer
        )
    end;
begin
    if v_said is not null then
        return badges_internal._problem(p_path, v_said, badges_internal._allowed_here(p_spec));
    end if;
    return (
        select coalesce(jsonb_agg(told.problem), '[]')
        from (
            select problem.value as problem
            from jsonb_each(p_value) as each
            cross join lateral badges_internal._path_step(p_path, each.key) as place (path)
            cross join lateral jsonb_array_elements(
                badges_internal._validate_value(
                    p_spec -> 'names', to_jsonb(each.key), place.path
                )
                || badges_internal._validate_value(p_spec -> 'values', each.value, place.path)
            ) as problem
            limit (badges_internal._criteria_grammar() #> '{limits,problems}')::integer
        ) as told
    );
end;
$$;

comment on function badges_internal._validate_map(jsonb, jsonb, text) is
'Lists what is wrong with an object whose keys the writer chooses.';
