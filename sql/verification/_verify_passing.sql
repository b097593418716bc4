-- Tells whether an activity passes every one of some tests, as _verify_tests lists them.
--
-- A table of one row, which is put in line where it is asked for: a call is planned each time.
create or replace function badges_internal._verify_passing(
    p_tests jsonb,
    p_attributes jsonb,
    p_quantity numeric
)
returns table (passes boolean)
language sql
stable
parallel safe
begin atomic
    select bool_and(badges_internal._verify_matches(
        badges_internal._verify_field(p_attributes, p_quantity, test.value ->> 'field'),
        test.value ->> 'operator',
        test.value -> 'operands'
    ))
    from jsonb_array_elements(p_tests) as test;
end;

comment on function badges_internal._verify_passing(jsonb, jsonb, numeric) is
'Tells whether an activity passes every one of some tests, as _verify_tests lists them.';
