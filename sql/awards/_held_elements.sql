-- Tells when each element of a stat (value, unit) counted: a sum that falls stops counting.
create or replace function badges_internal._held_elements(
    p_peer_mentor_ids uuid[],
    p_org_id text,
    p_stat text
)
returns table (
    peer_mentor_id uuid,
    bucket text,
    element text,
    held_during tstzmultirange
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_route constant badges_internal.stat_route
        := (badges_internal._stat_definition(p_org_id, p_stat)).route;
begin
    if v_route.element_measure is distinct from 'sum' then
        return query
        select
            counted.peer_mentor_id, counted.bucket, counted.element,
            tstzmultirange(tstzrange(counted.counted_at, null))
        from badges_internal._qualified_elements(
            p_peer_mentor_ids, p_org_id, p_stat, null, null
        ) as counted;
        return;
    end if;
    return query
    select
        running.peer_mentor_id, running.bucket, running.element,
        range_agg(tstzrange(running.occurred_at, running.next_at))
    from (
        select
            found.peer_mentor_id, found.bucket, found.element, found.occurred_at,
            sum(sum(found.element_measured)) over by_element as tally,
            lead(found.occurred_at) over by_element as next_at
        from badges_internal._parted_activities(
            p_peer_mentor_ids, p_org_id, p_stat, null
        ) as found
        where found.element is not null
        group by found.peer_mentor_id, found.bucket, found.element, found.occurred_at
        window by_element as (
            partition by found.peer_mentor_id, found.bucket, found.element
            order by found.occurred_at
        )
    ) as running
    where running.tally >= v_route.element_at_least
    group by running.peer_mentor_id, running.bucket, running.element;
end;
$$;

comment on function badges_internal._held_elements(uuid[], text, text) is
'Tells when each element of a stat (value, unit) counted: a sum that falls stops counting.';
