-- Gives what the attributes of every activity that a selector chooses contain, null = nothing.
--
-- Containment is a cheaper test than the selector's own; it leaves out most activities.
create or replace function badges_internal._contained_where(p_selector jsonb)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select jsonb_object_agg(test.key, test.value)
        from jsonb_each(p_selector -> 'where') as test
        where jsonb_typeof(test.value) in ('string', 'number', 'boolean')
        and test.key <> 'quantity'
    );
end;
$$;

comment on function badges_internal._contained_where(jsonb) is
'Gives what the attributes of every activity that a selector chooses contain, null = nothing.';
