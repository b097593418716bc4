-- Lists every problem of a rule set with its JSON path; empty when it may be applied.
--
-- Python asks the same of a file before it comes here (pgmerit/rules/documents.py); what the
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
    v_sound jsonb;
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
    with rules as materialized (
        select
            each.key as badge,
            badges_internal._path_step('$.badges', each.key) || '.criteria' as path,
            each.value -> 'criteria' as criteria,
            badges.validate_criteria(each.value -> 'criteria') as problems
        from jsonb_each(badges_internal._object_or_empty(p_document -> 'badges')) as each
        where jsonb_typeof(each.value) = 'object'
        and each.value ? 'criteria'
    ), found as (
        select each.value as problem
        from rules
        cross join lateral jsonb_array_elements(case
            when rules.problems = '[]'
                then badges_internal._validate_raw(rules.criteria, rules.path)
            else badges_internal._move_problems(rules.problems, rules.path)
        end) as each
    )
    select
        v_problems || coalesce((select jsonb_agg(found.problem) from found), '[]'),
        coalesce(
            jsonb_object_agg(rules.badge, rules.criteria) filter (where rules.problems = '[]'), '{}'
        )
    into v_problems, v_sound
    from rules;
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
