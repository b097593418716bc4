-- Lists what is wrong with an organization's numbers for the parts of a composed badge.
create or replace function badges_internal._validate_part_thresholds(
    p_criteria jsonb,
    p_thresholds jsonb,
    p_path text
)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_parts jsonb := (
        select coalesce(jsonb_object_agg(walked.node ->> 'id', walked.node), '{}')
        from badges_internal._walk_criteria(p_criteria) as walked
        where badges_internal._criteria_grammar() -> 'types' ? (walked.node ->> 'type')
        and jsonb_typeof(walked.node -> 'id') = 'string'
    );
    v_names text[] := array(
        select name from jsonb_object_keys(v_parts) as name order by name collate "C"
    );
    v_allowed text := 'numbers by the id of a part: '
        || coalesce(nullif(array_to_string(v_names, ', '), ''), 'none has one');
    v_problems jsonb := '[]'::jsonb;
    v_name text;
    v_number jsonb;
    v_place text;
begin
    if jsonb_typeof(p_thresholds) <> 'object' then
        return badges_internal._problem(
            p_path, 'the badge is composed: name the parts that change', v_allowed
        );
    end if;
    for v_name, v_number in select each.key, each.value from jsonb_each(p_thresholds) as each loop
        v_place := badges_internal._path_step(p_path, v_name);
        v_problems := v_problems || case
            when not v_parts ? v_name then badges_internal._problem(
                v_place,
                badges_internal._unknown_word(v_name, v_names, 'part ', ' does not exist'),
                v_allowed
            )
            when badges_internal._criteria_grammar() -> 'numbers'
                ? (v_parts -> v_name ->> 'type')
                then badges_internal._validate_number(v_parts -> v_name, v_number, v_place)
            else badges_internal._problem(
                v_place, format('part %s has no number to change', to_jsonb(v_name)), v_allowed
            )
        end;
    end loop;
    return v_problems;
end;
$$;

comment on function badges_internal._validate_part_thresholds(jsonb, jsonb, text) is
'Lists what is wrong with an organization''s numbers for the parts of a composed badge.';
