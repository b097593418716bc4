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
    v_most constant integer := (v_limits -> 'problems')::integer;
    v_problems jsonb;
    v_found jsonb;
    v_badge text;
    v_criteria jsonb;
    v_path text;
    v_written jsonb; -- the criteria by badge
    v_sound_badges text[] := '{}'; -- those without problems
    v_sound jsonb;
    v_more jsonb := '[]'; -- what is told only where nothing else is
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
        exit when jsonb_array_length(v_problems || v_more) >= v_most;
        v_path := badges_internal._path_step('$.badges', v_badge) || '.criteria';
        v_found := badges.validate_criteria(v_criteria);
        v_problems := v_problems || badges_internal._move_problems(v_found, v_path);
        if v_found = '[]' then
            v_sound_badges := v_sound_badges || v_badge;
        end if;
        if not v_found @> any (array['[{"path": "$"}]', '[{"path": "$.expression"}]']::jsonb[]) then
            v_more := v_more || badges_internal._validate_raw(v_criteria, v_path);
        end if;
    end loop;
    if jsonb_array_length(v_problems || v_more) < v_most then
        select coalesce(jsonb_object_agg(each.key, each.value -> 'criteria'), '{}')
        into v_written
        from jsonb_each(badges_internal._object_or_empty(p_document -> 'badges')) as each
        where jsonb_typeof(each.value) = 'object'
        and each.value ? 'criteria';
        select coalesce(jsonb_object_agg(sound.badge, v_written -> sound.badge), '{}')
        into v_sound
        from unnest(v_sound_badges) as sound (badge);
        v_more := v_more
            || badges_internal._validate_organizations(p_document, v_written)
            || badges_internal._validate_activities(p_document, v_written)
            || badges_internal._validate_held_badges(p_document, v_written)
            || badges_internal._validate_bounds(p_document, v_written, v_sound);
    end if;
    return badges_internal._sort_problems(
        v_problems || badges_internal._untold_problems(v_more, v_problems)
    );
end;
$$;

comment on function badges_internal._validate_rule_set(jsonb) is
'Lists every problem of a rule set with its JSON path; empty when it may be applied.';
