-- Gives an attribute and its text in every activity that a selector chooses, null = no certain one.
--
-- A cheaper test than the selector's own, to be asked before it: most activities fail it.
create or replace function badges_internal._certain_attribute(
    p_selector jsonb,
    out field text,
    out content text
)
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    select test.key, test.value #>> '{}'
    into field, content
    from jsonb_each(p_selector -> 'where') as test
    where jsonb_typeof(test.value) = 'string'
    and test.key <> 'quantity'
    limit 1;
end;
$$;

comment on function badges_internal._certain_attribute(jsonb) is
'Gives an attribute and its text in every activity that a selector chooses, null = no certain one.';
