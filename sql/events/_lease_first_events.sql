-- Leases, of the people of the given rows of a consumer's queue, the first and what follows.
--
-- While an event of a person is leased or waits for its next try, later ones wait too. A dead one
-- does not count.
--
-- Locks:  badges_internal.event_queue rows; what others hold is left.
-- Writes: badges_internal.event_queue.
create or replace function badges_internal._lease_first_events(
    p_consumer text,
    p_due badges_internal.queued_event[],
    p_limit integer,
    p_now timestamptz,
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
as $$
#variable_conflict use_column
begin
    return query
    with heads as materialized (
        select person.peer_mentor_id, first.event_id
        from (
            select due.peer_mentor_id, min(due.turn) as turn
            from unnest(p_due) with ordinality
                as due (peer_mentor_id, event_id, due_at, row_id, turn)
            group by due.peer_mentor_id
        ) as person
        cross join lateral badges_internal._first_in_queue(p_consumer, person.peer_mentor_id)
            as first
        join badges_internal.event_queue as queued on queued.ctid = first.row_id
        where first.due_at <= p_now
        order by person.turn
        limit p_limit
        for update of queued skip locked
    ),
    following as (
        select
            queued.peer_mentor_id, queued.event_id, queued.ctid,
            row_number() over of_person as place,
            -- Nothing comes before what precedes it; what is parked waits for that alone.
            max(case when queued.is_parked then '-infinity' else queued.due_at end) over of_person
                as turn_at
        from heads
        cross join lateral (
            select
                each.peer_mentor_id, each.event_id, each.due_at, each.is_parked, each.dead_at,
                each.ctid
            from badges_internal.event_queue as each
            where (each.peer_mentor_id, each.consumer, each.event_id)
                >= (heads.peer_mentor_id, p_consumer, heads.event_id)
            and (each.peer_mentor_id, each.consumer, each.event_id)
                <= (heads.peer_mentor_id, p_consumer, 9223372036854775807)
            order by each.peer_mentor_id, each.consumer, each.event_id
            limit 1 + 2 * p_limit / (select count(*) from heads)
        ) as queued
        where queued.dead_at is null
        window of_person as (partition by queued.peer_mentor_id order by queued.event_id)
    ),
    chosen as materialized (
        select following.peer_mentor_id, following.event_id, following.place, following.ctid
        from following
        where following.turn_at <= p_now
        order by following.turn_at, following.event_id
        limit p_limit
    ),
    locked as materialized (
        select
            chosen.peer_mentor_id, chosen.event_id, chosen.place, chosen.ctid,
            queued.ctid = chosen.ctid as is_unchanged
        from chosen
        join badges_internal.event_queue as queued on queued.ctid = chosen.ctid
        for update of queued skip locked
    ),
    -- Whom another settles just now keeps their order: what follows a row left out is left too.
    unbroken as (
        select
            locked.ctid, locked.place,
            row_number() over (partition by locked.peer_mentor_id order by locked.event_id) as nth
        from locked
        where locked.is_unchanged
    )
    update badges_internal.event_queue as queued
    set attempts = queued.attempts + 1, leased_until = p_until, due_at = p_until, is_parked = false
    from unbroken
    where unbroken.place = unbroken.nth
    and queued.ctid = unbroken.ctid
    returning queued.peer_mentor_id, queued.event_id, queued.attempts;
end;
$$;

comment on function badges_internal._lease_first_events(
    text, badges_internal.queued_event[], integer, timestamptz, timestamptz
) is
'Leases, of the people of the given rows of a consumer''s queue, the first and what follows.';
