-- Spreads where, or qualify, to a list of its tests: field, operator and operands of each.
create or replace function badges_internal._verify_tests(p_where jsonb)
returns jsonb
language sql
immutable
strict
parallel safe
return (
    select jsonb_agg(jsonb_build_object(
        'field', condition.key,
        'operator', test.key,
        'operands', case
            when jsonb_typeof(test.value) = 'array' then test.value
            else jsonb_build_array(test.value)
        end
    ))
    from jsonb_each(p_where) as condition
    cross join lateral jsonb_each(case
        when jsonb_typeof(condition.value) = 'object' then condition.value
        else jsonb_build_object('in', condition.value)
    end) as test
);

comment on function badges_internal._verify_tests(jsonb) is
'Spreads where, or qualify, to a list of its tests: field, operator and operands of each.';
