-- Lets the next event of each person be looked at, once what it waited for is settled.
--
-- Locks:  badges_internal.event_queue rows; what others hold is left.
-- Writes: badges_internal.event_queue.
create or replace function badges_internal._unpark_events(
    p_consumer text,
    p_peer_mentor_ids uuid[],
    p_now timestamptz
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    with next as materialized (
        select first.row_id
        from (
            select distinct settled.peer_mentor_id
            from unnest(p_peer_mentor_ids) as settled (peer_mentor_id)
        ) as person
        cross join lateral badges_internal._first_in_queue(p_consumer, person.peer_mentor_id)
            as first
        where first.is_parked
    ),
    locked as materialized (
        select next.row_id
        from next
        join badges_internal.event_queue as queued on queued.ctid = next.row_id
        for update of queued skip locked
    )
    update badges_internal.event_queue as queued
    set due_at = p_now, is_parked = false
    from locked
    where queued.ctid = locked.row_id
    and queued.is_parked;
end;
$$;

comment on function badges_internal._unpark_events(text, uuid[], timestamptz) is
'Lets the next event of each person be looked at, once what it waited for is settled.';
