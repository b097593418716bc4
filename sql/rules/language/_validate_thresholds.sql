-- Lists what is wrong with one organization's thresholds for one badge's criteria.
create or replace function badges_internal._validate_thresholds(
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
    v_grammar jsonb := badges_internal._criteria_grammar();
    v_type text := p_criteria ->> 'type';
    v_problems jsonb := badges_internal._validate_value('"threshold"', p_thresholds, p_path);
begin
    return case
        when v_problems <> '[]' then v_problems
        when p_criteria ? 'tiers'
            then badges_internal._validate_tier_thresholds(p_criteria, p_thresholds, p_path)
        when v_grammar -> 'parts' ? v_type
            then badges_internal._validate_part_thresholds(p_criteria, p_thresholds, p_path)
        when not v_grammar -> 'plain_numbers' ? v_type then badges_internal._problem(
            p_path, 'the badge has no number to change', 'no threshold'
        )
        when jsonb_typeof(p_thresholds) = 'object' then badges_internal._problem(
            p_path, 'must not be an object, as the badge has one number', 'a number'
        )
        else badges_internal._validate_number(p_criteria, p_thresholds, p_path)
    end;
end;
$$;

comment on function badges_internal._validate_thresholds(jsonb, jsonb, text) is
'Lists what is wrong with one organization''s thresholds for one badge''s criteria.';
