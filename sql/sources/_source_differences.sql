-- Lists the columns in which an activity differs from its row: what it is and what it must be.
--
-- Null where one of them is not there.
create or replace function badges_internal._source_differences(p_is jsonb, p_must_be jsonb)
returns jsonb
language sql
immutable
return (
    select jsonb_object_agg(
        each.name,
        jsonb_build_object('is', p_is -> each.name, 'must_be', p_must_be -> each.name)
    )
    from unnest(
        array['activity_type', 'occurred_at', 'activity_date', 'quantity', 'attributes']
    ) as each (name)
    where p_is -> 'source_key' = p_must_be -> 'source_key'
    and p_is -> each.name is distinct from p_must_be -> each.name
);

comment on function badges_internal._source_differences(jsonb, jsonb) is
'Lists the columns in which an activity differs from its row: what it is and what it must be.';
