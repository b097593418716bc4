-- Lists every problem of a rule set with its JSON path; empty when it may be applied.
--
-- Python asks the same of a file before it comes here (pgmerit/rules/documents.py); what the
-- database adds is whether criteria_raw may be saved and parses. Its work grows with the document
-- alone: a document too large is not looked at, one with many problems not to its end.
create or replace function badges_internal._validate_rule_set(p_document jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_limits constant jsonb := badges_internal._criteria_grammar() -> 'limits';
    v_problems jsonb;
    v_found jsonb;
    v_badge text;
    v_criteria jsonb;
    v_path text;
    v_sound_badges text[] := '{}';
    v_sound jsonb; -- the criteria without problems, by badge
begin
    if p_document is null then
        return badges_internal._problem('$', 'must not be null', 'a rule set');
    elsif octet_length(p_document::text) > (v_limits -> 'document_bytes')::integer then
        return badges_internal._problem(
            '$',
            format('is larger than %s bytes', v_limits -> 'document_bytes'),
            format('at most %s bytes', v_limits -> 'document_bytes')
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
        exit when jsonb_array_length(v_problems) >= (v_limits -> 'problems')::integer;
        v_path := badges_internal._path_step('$.badges', v_badge) || '.criteria';
        v_found := badges.validate_criteria(v_criteria);
        if v_found = '[]' then
            v_sound_badges := v_sound_badges || v_badge;
            v_problems := v_problems || badges_internal._validate_raw(v_criteria, v_path);
        else
            v_problems := v_problems || badges_internal._move_problems(v_found, v_path);
        end if;
    end loop;
    if jsonb_array_length(v_problems) < (v_limits -> 'problems')::integer then
        select coalesce(
            jsonb_object_agg(sound.badge, p_document -> 'badges' -> sound.badge -> 'criteria'),
            '{}'
        )
        into v_sound
        from unnest(v_sound_badges) as sound (badge);
        v_problems := v_problems
            || badges_internal._validate_organizations(p_document, v_sound)
            || badges_internal._validate_activities(p_document, v_sound)
            || badges_internal._validate_held_badges(p_document, v_sound)
            || badges_internal._validate_bounds(p_document, v_sound);
    end if;
    return badges_internal._sort_problems(v_problems);
end;
$$;

comment on function badges_internal._validate_rule_set(jsonb) is
'Lists every problem of a rule set with its JSON path; empty when it may be applied.';
