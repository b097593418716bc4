-- Adds to where that an attribute is one of some values, beside what where asks of it already.
create or replace function badges_internal._also_one_of(
    p_where jsonb,
    p_field text,
    p_values jsonb
)
returns jsonb
language sql
immutable
parallel safe
begin atomic
    select p_where || jsonb_build_object(p_field, case
        when not p_where ? p_field then p_values
        else asked.tests || jsonb_build_object('in', coalesce(
            (
                select jsonb_agg(listed.value)
                from jsonb_array_elements(p_values) as listed
                where not asked.tests ? 'in'
                or asked.tests -> 'in' @> listed.value
            ),
            '[]'
        ))
    end)
    from (
        select case
            when jsonb_typeof(p_where -> p_field) = 'object' then p_where -> p_field
            when jsonb_typeof(p_where -> p_field) = 'array'
                then jsonb_build_object('in', p_where -> p_field)
            else jsonb_build_object('in', jsonb_build_array(p_where -> p_field))
        end as tests
    ) as asked;
end;

comment on function badges_internal._also_one_of(jsonb, text, jsonb) is
'Adds to where that an attribute is one of some values, beside what where asks of it already.';
