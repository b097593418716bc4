-- Puts off those of the given rows of a consumer's queue that wait behind another of the person.
--
-- They are looked at again when that one is due; settling it looks at the next at once.
--
-- Locks:  badges_internal.event_queue rows; what others hold is left.
-- Writes: badges_internal.event_queue.
create or replace function badges_internal._park_events(
    p_consumer text,
    p_due badges_internal.queued_event[],
    p_now timestamptz
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    with waiting as materialized (
        select due.row_id, first.due_at
        from unnest(p_due) as due
        cross join lateral badges_internal._first_in_queue(p_consumer, due.peer_mentor_id) as first
        where first.event_id < due.event_id
        and first.due_at > p_now
    ),
    locked as materialized (
        select waiting.row_id, waiting.due_at
        from waiting
        join badges_internal.event_queue as queued on queued.ctid = waiting.row_id
        for update of queued skip locked
    )
    update badges_internal.event_queue as queued
    set due_at = locked.due_at, is_parked = true
    from locked
    where queued.ctid = locked.row_id
    and queued.due_at <= p_now;
end;
$$;

comment on function badges_internal._park_events(
    text, badges_internal.queued_event[], timestamptz
) is
'Puts off those of the given rows of a consumer''s queue that wait behind another of the person.';
