-- Tells whether an activity passes every one of some tests, as _verify_tests lists them.
create or replace function badges_internal._verify_passes(
    p_tests jsonb,
    p_attributes jsonb,
    p_quantity numeric
)
returns boolean
language sql
stable
parallel safe
return (
    select bool_and(badges_internal._verify_matches(
        badges_internal._verify_field(p_attributes, p_quantity, test.value ->> 'field'),
        test.value ->> 'operator',
        test.value -> 'operands'
    ))
    from jsonb_array_elements(p_tests) as test
);

comment on function badges_internal._verify_passes(jsonb, jsonb, numeric) is
'Tells whether an activity passes every one of some tests, as _verify_tests lists them.';
