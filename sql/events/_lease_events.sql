-- Leases the events of a consumer whose turn it is and gives them with their attempts.
--
-- Of a person the oldest that are not dead, as far as they are due: while one is leased or waits
-- for its next try, later ones wait too. The caller holds the consumer's row.
--
-- Locks:  badges_internal.event_queue rows, in key order; what others hold is left.
-- Writes: badges_internal.event_queue.
create or replace function badges_internal._lease_events(
    p_consumer text,
    p_limit integer,
    p_until timestamptz
)
returns table (
    peer_mentor_id uuid,
    event_id bigint,
    attempts integer
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_now constant timestamptz := clock_timestamp();
begin
    return query
    with heads as materialized (
        select queued.peer_mentor_id, queued.event_id
        from badges_internal.event_queue as queued
        where queued.consumer = p_consumer
        and queued.dead_at is null
        and queued.due_at <= v_now
        and not exists (
            select
            from badges_internal.event_queue as earlier
            where earlier.peer_mentor_id = queued.peer_mentor_id
            and earlier.consumer = p_consumer
            and earlier.event_id < queued.event_id
            and earlier.dead_at is null
        )
        order by queued.due_at, queued.event_id
        limit p_limit
    ),
    following as (
        select
            queued.peer_mentor_id, queued.event_id,
            row_number() over of_person as place,
            -- Nothing comes before what precedes it.
            max(queued.due_at) over of_person as turn_at
        from heads
        cross join lateral (
            select each.peer_mentor_id, each.event_id, each.due_at
            from badges_internal.event_queue as each
            where each.peer_mentor_id = heads.peer_mentor_id
            and each.consumer = p_consumer
            and each.event_id >= heads.event_id
            and each.dead_at is null
            order by each.event_id
            limit p_limit
        ) as queued
        window of_person as (partition by queued.peer_mentor_id order by queued.event_id)
    ),
    chosen as materialized (
        select following.peer_mentor_id, following.event_id, following.place
        from following
        where following.turn_at <= v_now
        order by following.turn_at, following.event_id
        limit p_limit
    ),
    locked as materialized (
        select queued.peer_mentor_id, queued.event_id, chosen.place
        from chosen
        join badges_internal.event_queue as queued
            on queued.peer_mentor_id = chosen.peer_mentor_id
            and queued.consumer = p_consumer
            and queued.event_id = chosen.event_id
            and queued.dead_at is null
            and queued.due_at <= v_now
        order by queued.peer_mentor_id, queued.event_id
        for update of queued skip locked
    ),
    -- Whom another settles just now keeps their order: what follows a row left out is left too.
    unbroken as (
        select
            locked.peer_mentor_id, locked.event_id, locked.place,
            row_number() over (partition by locked.peer_mentor_id order by locked.event_id) as nth
        from locked
    )
    update badges_internal.event_queue as queued
    set attempts = queued.attempts + 1, leased_until = p_until, due_at = p_until
    from unbroken
    where unbroken.place = unbroken.nth
    and queued.peer_mentor_id = unbroken.peer_mentor_id
    and queued.consumer = p_consumer
    and queued.event_id = unbroken.event_id
    returning queued.peer_mentor_id, queued.event_id, queued.attempts;
end;
$$;

comment on function badges_internal._lease_events(text, integer, timestamptz) is
'Leases the events of a consumer whose turn it is and gives them with their attempts.';
