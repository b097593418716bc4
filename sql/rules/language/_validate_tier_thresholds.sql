-- Lists what is wrong with an organization's numbers for the tiers of a badge.
create or replace function badges_internal._validate_tier_thresholds(
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
    v_has_lengths boolean := p_criteria ->> 'type' in ('streak', 'in_a_row');
    v_kind jsonb := case when v_has_lengths then '"count"'::jsonb else '"amount"'::jsonb end;
    v_tiers text[] := array(
        select each.value ->> 'tier'
        from jsonb_array_elements(p_criteria -> 'tiers') with ordinality as each
        order by each.ordinality
    );
    v_allowed text := 'numbers by tier: ' || array_to_string(v_tiers, ', ');
    v_problems jsonb := '[]'::jsonb;
    v_tier text;
    v_number jsonb;
    v_amount numeric;
    v_amount_before numeric;
begin
    if jsonb_typeof(p_thresholds) <> 'object' then
        return badges_internal._problem(
            p_path, 'the badge has tiers: name those that change', v_allowed
        );
    end if;
    for v_tier, v_number in select each.key, each.value from jsonb_each(p_thresholds) as each loop
        v_problems := v_problems || case
            when v_tier = any (v_tiers) then badges_internal._validate_value(
                v_kind, v_number, badges_internal._path_step(p_path, v_tier)
            )
            else badges_internal._problem(
                badges_internal._path_step(p_path, v_tier),
                badges_internal._unknown_word(v_tier, v_tiers, 'tier ', ' does not exist'),
                v_allowed
            )
        end;
    end loop;
    for v_tier, v_number in
        select
            each.value ->> 'tier',
            coalesce(
                p_thresholds -> (each.value ->> 'tier'),
                each.value -> case when v_has_lengths then 'length' else 'at_least' end
            )
        from jsonb_array_elements(p_criteria -> 'tiers') with ordinality as each
        order by each.ordinality
    loop
        v_amount := case when jsonb_typeof(v_number) = 'number' then v_number::numeric end;
        if v_amount <= v_amount_before then
            v_problems := v_problems || badges_internal._problem(
                p_path,
                format('tier %s is not above the tier before it', to_jsonb(v_tier)),
                'numbers that rise from tier to tier'
            );
        end if;
        v_amount_before := v_amount;
    end loop;
    return v_problems;
end;
$$;

comment on function badges_internal._validate_tier_thresholds(jsonb, jsonb, text) is
'Lists what is wrong with an organization''s numbers for the tiers of a badge.';
