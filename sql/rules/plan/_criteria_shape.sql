-- Gives criteria without the numbers to be reached, tiers and names of tiers: the rule itself.
create or replace function badges_internal._criteria_shape(p_criteria jsonb)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return (p_criteria - array['at_least', 'length', 'tiers'])
        || case
            when jsonb_typeof(p_criteria -> 'require') = 'number' then '{"require": 0}'
            else '{}'
        end::jsonb
        || case
            when p_criteria ->> 'type' = 'tenure'
                then jsonb_build_object('days', null, 'months', null, 'years', null)
                    || (
                        select jsonb_object_agg(unit.name, p_criteria ? unit.name)
                        from (values ('days'), ('months'), ('years')) as unit (name)
                    )
            else '{}'
        end
        || case
            when p_criteria ? 'criteria' then jsonb_build_object('criteria', (
                select jsonb_agg(
                    badges_internal._criteria_shape(part.criteria) order by part.position
                )
                from jsonb_array_elements(p_criteria -> 'criteria')
                    with ordinality as part (criteria, position)
            ))
            else '{}'
        end;
end;
$$;

comment on function badges_internal._criteria_shape(jsonb) is
'Gives criteria without the numbers to be reached, tiers and names of tiers: the rule itself.';
