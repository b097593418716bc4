-- Lists where a rule set would make an application's insert, or an apply, do too much.
--
-- Each of its steps is bounded by what the step before it let pass. p_written holds all criteria by
-- badge, p_sound those without problems: only these can be counted.
create or replace function badges_internal._validate_bounds(
    p_document jsonb,
    p_written jsonb,
    p_sound jsonb
)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_most constant integer
        := (badges_internal._criteria_grammar() #> '{limits,all_rows}')::integer;
    v_badges constant bigint := (select count(*) from jsonb_object_keys(p_sound));
    v_organizations constant bigint := (
        select count(*)
        from jsonb_each(badges_internal._object_or_empty(p_document -> 'organizations')) as each
        where jsonb_typeof(each.value) = 'object'
    );
    v_problems jsonb;
begin
    if v_organizations * v_badges > v_most then
        return badges_internal._problem(
            '$',
            format('has %s organizations times %s badges', v_organizations, v_badges),
            format('at most %s: organizations times badges', v_most)
        );
    end if;
    v_problems := badges_internal._too_many_rows(p_document, p_sound);
    if v_problems = '[]' then
        v_problems := badges_internal._too_many_stats(p_document, p_sound);
    end if;
    if v_problems = '[]' then
        v_problems := badges_internal._not_enabled(p_document, p_written);
    end if;
    return v_problems;
end;
$$;

comment on function badges_internal._validate_bounds(jsonb, jsonb, jsonb) is
'Lists where a rule set would make an application''s insert, or an apply, do too much.';
