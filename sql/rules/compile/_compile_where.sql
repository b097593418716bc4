-- Compiles where, when and on to one jsonpath over the attributes, null where all are absent.
--
-- Strict mode, so that arrays are not unwrapped: a missing attribute makes a comparison unknown,
-- and unknown does not match. $quantity stands for the column; p_when and p_on are canonical.
create or replace function badges_internal._compile_where(
    p_where jsonb,
    p_when jsonb,
    p_on jsonb default null
)
returns jsonpath
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_terms text[] := '{}';
    v_field text;
    v_test jsonb;
    v_operator text;
    v_operand jsonb;
    v_path text;
    v_equal text;
begin
    for v_field, v_test in select each.key, each.value from jsonb_each(p_where) as each loop
        v_path := case when v_field = 'quantity' then '$quantity'
            else '$.' || to_jsonb(v_field)::text end;
        if jsonb_typeof(v_test) <> 'object' then
            v_test := jsonb_build_object('in', case
                when jsonb_typeof(v_test) = 'array' then v_test
                else jsonb_build_array(v_test)
            end);
        end if;
        for v_operator, v_operand in
            select each.key, each.value from jsonb_each(v_test) as each
        loop
            v_equal := case
                when jsonb_typeof(v_operand) = 'array' then (
                    select string_agg(v_path || ' == ' || element.value::text, ' || ')
                    from jsonb_array_elements(v_operand) as element
                )
                else v_path || ' == ' || v_operand::text
            end;
            v_terms := v_terms || case
                -- No value at all is none of them.
                when v_operator = 'in' then '(' || coalesce(v_equal, '1 == 0') || ')'
                when v_operator = 'ne'
                    then '(!(' || v_equal || ') || ((' || v_equal || ') is unknown))'
                when v_operator = 'gte'
                    then '(' || v_path || ' >= ' || v_operand::text
                        || ' && ' || v_path || ' <= 1e30)'
                when v_operator = 'gt'
                    then '(' || v_path || ' > ' || v_operand::text
                        || ' && ' || v_path || ' <= 1e30)'
                when v_operator = 'lte'
                    then '(' || v_path || ' <= ' || v_operand::text
                        || ' && ' || v_path || ' >= -1e30)'
                when v_operator = 'lt'
                    then '(' || v_path || ' < ' || v_operand::text
                        || ' && ' || v_path || ' >= -1e30)'
                when v_operator = 'prefix'
                    then '(' || v_path || ' starts with ' || v_operand::text || ')'
                when v_operator = 'exists' and v_operand::boolean then '(' || v_path || ' != null)'
                when v_operator = 'exists'
                    then '((' || v_path || ' == null) || ((' || v_path || ' == null) is unknown))'
            end;
        end loop;
    end loop;
    v_terms := v_terms || badges_internal._compile_when(p_when)
        || badges_internal._compile_on(p_on);
    if v_terms = '{}' then
        return null;
    end if;
    return ('strict ' || array_to_string(v_terms, ' && '))::jsonpath;
end;
$$;

comment on function badges_internal._compile_where(jsonb, jsonb, jsonb) is
'Compiles where, when and on to one jsonpath over the attributes, null where all are absent.';
