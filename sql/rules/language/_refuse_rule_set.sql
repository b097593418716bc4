-- Refuses a document that is not a valid rule set, and lists its problems.
--
-- Raises: 22023 with the problems as JSON in detail.
create or replace function badges_internal._refuse_rule_set(p_document jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
-- A caller that plans for its own few queries must not plan each of these thousands anew.
set plan_cache_mode = auto
as $$
declare
    v_problems constant jsonb := badges_internal._validate_rule_set(p_document);
begin
    if jsonb_array_length(v_problems) > 0 then
        raise exception 'the rule set has % problem(s); the first: % %',
            jsonb_array_length(v_problems), v_problems -> 0 ->> 'path',
            v_problems -> 0 ->> 'problem'
        using
            errcode = '22023',
            detail = v_problems::text,
            hint = 'pgmerit rules validate lists them with their lines.';
    end if;
end;
$$;

comment on function badges_internal._refuse_rule_set(jsonb) is
'Refuses a document that is not a valid rule set, and lists its problems.';
