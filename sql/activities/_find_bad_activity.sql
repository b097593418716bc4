-- Tells what is wrong with the first bad element of an array of activities, null where none is.
create or replace function badges_internal._find_bad_activity(p_activities jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_position bigint;
    v_element jsonb;
    v_problem text;
begin
    if jsonb_typeof(p_activities) is distinct from 'array' then
        return 'the activities must be a JSON array';
    end if;
    for v_position, v_element in
        select given.position - 1, given.element
        from jsonb_array_elements(p_activities) with ordinality as given (element, position)
    loop
        if jsonb_typeof(v_element) <> 'object' then
            return format('element %s: must be an object', v_position);
        end if;
        select format('unknown key %s', badges_internal._quoted(key.name))
        into v_problem
        from jsonb_object_keys(v_element) as key (name)
        where key.name not in (
            'peer_mentor_id', 'org_id', 'activity_type', 'occurred_at', 'activity_date', 'quantity',
            'attributes', 'idempotency_key'
        )
        order by key.name
        limit 1;
        v_problem := coalesce(v_problem, badges_internal._activity_problem(v_element));
        if v_problem is not null then
            return format('element %s: %s', v_position, v_problem);
        end if;
    end loop;
    return null;
end;
$$;

comment on function badges_internal._find_bad_activity(jsonb) is
'Tells what is wrong with the first bad element of an array of activities, null where none is.';
