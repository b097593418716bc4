-- Gives the event of a person that a consumer must be given first, no row where none is alive.
--
-- Put in line by its callers. Compared as one, which the primary key alone serves, whatever the
-- planner knows.
create or replace function badges_internal._first_in_queue(
    p_consumer text,
    p_peer_mentor_id uuid
)
returns table (
    event_id bigint,
    due_at timestamptz,
    is_parked boolean,
    row_id tid
)
language sql
stable
as $$
    select first.event_id, first.due_at, first.is_parked, first.ctid
    from badges_internal.event_queue as first
    where (first.peer_mentor_id, first.consumer, first.event_id)
        >= (p_peer_mentor_id, p_consumer, 0)
    and (first.peer_mentor_id, first.consumer, first.event_id)
        <= (p_peer_mentor_id, p_consumer, 9223372036854775807)
    and first.dead_at is null
    order by first.peer_mentor_id, first.consumer, first.event_id
    limit 1
$$;

comment on function badges_internal._first_in_queue(text, uuid) is
'Gives the event of a person that a consumer must be given first, no row where none is alive.';
