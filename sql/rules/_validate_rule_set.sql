-- Lists every problem of a rule set with its JSON path; empty when it may be applied.
--
-- Python asks the same of a file before it comes here (orchestrator/rule_documents.py); what the
-- database adds is whether criteria_raw may be saved and parses.
create or replace function badges_internal._validate_rule_set(p_document jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_limit integer := (badges_internal._criteria_grammar() #> '{limits,document_bytes}')::integer;
    v_problems jsonb;
    v_sound jsonb := '{}'::jsonb;
    v_badge text;
    v_path text;
    v_criteria jsonb;
    v_found jsonb;
begin
    if p_document is null then
        return badges_internal._problem('$', 'must not be null', 'a rule set');
    elsif octet_length(p_document::text) > v_limit then
        return badges_internal._problem(
            '$', format('is larger than %s bytes', v_limit), format('at most %s bytes', v_limit)
        );
    end if;
    v_problems := badges_internal._validate_value('"document"', p_document, '$');
    if jsonb_typeof(p_document) <> 'object' then
        return v_problems;
    end if;
    for v_badge, v_criteria in
        select each.key, each.value -> 'criteria'
        from jsonb_each(badges_internal._object_or_empty(p_document -> 'badges')) as each
        where jsonb_typeof(each.value) = 'object'
        and each.value ? 'criteria'
    loop
        v_path := badges_internal._path_step('$.badges', v_badge) || '.criteria';
        v_found := badges.validate_criteria(v_criteria);
        if v_found = '[]' then
            v_sound := v_sound || jsonb_build_object(v_badge, v_criteria);
            v_problems := v_problems || badges_internal._validate_raw(v_criteria, v_path);
        else
            v_problems := v_problems || badges_internal._move_problems(v_found, v_path);
        end if;
    end loop;
    return badges_internal._sort_problems(
        v_problems
        || badges_internal._validate_organizations(p_document, v_sound)
        || badges_internal._validate_held_badges(p_document, v_sound)
        || badges_internal._validate_activities(p_document, v_sound)
    );
end;
$$;

comment on function badges_internal._validate_rule_set(jsonb) is
'Lists every problem of a rule set with its JSON path; empty when it may be applied.';
