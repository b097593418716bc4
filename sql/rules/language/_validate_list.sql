-- Lists what is wrong with a list: its elements, repetitions, numbers that do not rise.
--
-- As many problems as one list or object may tell; what comes after is not looked at.
create or replace function badges_internal._validate_list(p_spec jsonb, p_value jsonb, p_path text)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_allowed text := badges_internal._allowed_here(p_spec);
    v_said text := case
        when jsonb_typeof(p_value) <> 'array' then badges_internal._must_not_be(p_value)
        else badges_internal._wrong_number_of(p_spec, jsonb_array_length(p_value))
    end;
begin
    if v_said is not null then
        return badges_internal._problem(p_path, v_said, v_allowed);
    end if;
    return (
        select coalesce(jsonb_agg(told.problem), '[]')
        from (
            select problem.value as problem
            from (
                select badges_internal._validate_value(
                    p_spec -> 'items', each.value, p_path || '[' || each.ordinality - 1 || ']'
                ) as problems
                from jsonb_array_elements(p_value) with ordinality as each
                union all
                select badges_internal._problem(again.path, 'is there twice', v_allowed)
                from badges_internal._repeated_elements(
                    p_value, p_spec ->> 'unique', p_path
                ) as again
                where p_spec ? 'unique'
                union all
                select badges_internal._validate_rising(p_value, p_spec ->> 'rising', p_path)
                where p_spec ? 'rising'
            ) as found
            cross join lateral jsonb_array_elements(found.problems) as problem
            limit (badges_internal._criteria_grammar() #> '{limits,problems}')::integer
        ) as told
    );
end;
$$;

comment on function badges_internal._validate_list(jsonb, jsonb, text) is
'Lists what is wrong with a list: its elements, repetitions, numbers that do not rise.';
