-- Lists what is wrong with an object: its keys, their values, what is missing, what clashes.
--
-- As many problems as one list or object may tell; what comes after is not looked at.
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
begin
    if jsonb_typeof(p_value) <> 'object' then
        return badges_internal._problem(p_path, badges_internal._must_not_be(p_value), v_allowed);
    elsif p_value = '{}' and p_spec ? 'from' then
        return badges_internal._problem(p_path, 'is empty', v_allowed);
    end if;
    return (
        select coalesce(jsonb_agg(told.problem), '[]')
        from (
            select problem.value as problem
            from (
                select case
                    when p_spec -> 'keys' ? each.key then badges_internal._validate_value(
                        p_spec -> 'keys' -> each.key,
                        each.value,
                        badges_internal._path_step(p_path, each.key)
                    )
                    else badges_internal._problem(
                        badges_internal._path_step(p_path, each.key),
                        badges_internal._unknown_word(each.key, v_known, 'unknown key ', ''),
                        coalesce(p_spec -> 'instead' ->> each.key, v_allowed)
                    )
                end as problems
                from jsonb_each(p_value) as each
                union all
                select badges_internal._problem(
                    badges_internal._path_step(p_path, name.value),
                    'is missing',
                    badges_internal._allowed_here(p_spec -> 'keys' -> name.value)
                )
                from jsonb_array_elements_text(p_spec -> 'required') as name
                where not p_value ? name.value
                union all
                select badges_internal._validate_rule(p_spec, rule.value, p_value, p_path)
                from jsonb_array_elements(p_spec -> 'rules') as rule
            ) as found
            cross join lateral jsonb_array_elements(found.problems) as problem
            limit (badges_internal._criteria_grammar() #> '{limits,problems}')::integer
        ) as told
    );
end;
$$;

comment on function badges_internal._validate_object(jsonb, jsonb, text) is
'Lists what is wrong with an object: its keys, their values, what is missing, what clashes.';
