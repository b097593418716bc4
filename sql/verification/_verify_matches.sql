-- Tells whether an attribute passes one test of where, as RULES.md states it.
--
-- Null and JSON null are both absent. p_operands is an array of scalars: a scalar that it contains
-- equals one of them as JSON, so that 5.0 is 5. What is asked for most stands first.
create or replace function badges_internal._verify_matches(
    p_value jsonb,
    p_operator text,
    p_operands jsonb
)
returns boolean
language sql
stable
parallel safe
return case
    when p_operator = 'in'
        then coalesce(
            p_operands @> p_value and jsonb_typeof(p_value) not in ('array', 'null'), false
        )
    when p_operator = 'exists'
        then (p_value is not null and p_value <> 'null') = (p_operands -> 0 = 'true')
    when p_operator = 'ne'
        then p_value is null or not p_operands @> p_value or jsonb_typeof(p_value) = 'array'
    when p_value is null or p_value = 'null' then false
    when p_operator = 'prefix' then case
        when jsonb_typeof(p_value) = 'string'
            then starts_with(p_value #>> '{}', p_operands ->> 0)
        else false
    end
    when jsonb_typeof(p_value) <> 'number' then false
    when abs(p_value::numeric) > 1e30 then false
    when p_operator = 'gte' then p_value::numeric >= (p_operands -> 0)::numeric
    when p_operator = 'gt' then p_value::numeric > (p_operands -> 0)::numeric
    when p_operator = 'lte' then p_value::numeric <= (p_operands -> 0)::numeric
    when p_operator = 'lt' then p_value::numeric < (p_operands -> 0)::numeric
end;

comment on function badges_internal._verify_matches(jsonb, text, jsonb) is
'Tells whether an attribute passes one test of where, as RULES.md states it.';
