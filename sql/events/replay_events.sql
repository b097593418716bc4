-- Queues events of a consumer again and gives how many.
--
-- Without a choice all dead letters; with ids or a moment also what was delivered, under the same
-- event_id: of p_event_ids all, of those created since p_since what passes the filter. Attempts
-- count from 1 again. What the consumer has not taken in yet comes by itself.
--
-- Locks:  the consumer's row.
-- Writes: badges_internal.event_queue.
-- Raises: 22023 for an argument that means nothing.
create or replace function badges.replay_events(
    p_consumer text,
    p_event_ids bigint[] default null,
    p_since timestamptz default null
)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_consumer badges_internal.event_consumers;
    v_revived integer;
    v_queued integer;
begin
    perform badges_internal._require_consumer(p_consumer);
    if num_nulls(variadic p_event_ids) > 0 then
        raise exception 'p_event_ids must not hold null'
        using errcode = '22023', hint = 'Give event ids, or null for all dead letters.';
    end if;
    perform badges_internal._take_restored_events();
    select held.*
    into v_consumer
    from badges_internal.event_consumers as held
    where held.consumer = p_consumer
    for no key update;
    update badges_internal.event_queue as queued
    set attempts = 0, due_at = v_now, dead_at = null
    where queued.consumer = p_consumer
    and queued.dead_at is not null
    and (
        queued.event_id = any(p_event_ids)
        or p_event_ids is null and p_since is null
        or exists (
            select
            from badges.award_events as event
            where event.peer_mentor_id = queued.peer_mentor_id
            and event.event_id = queued.event_id
            and event.created_at >= p_since
        )
    );
    get diagnostics v_revived = row_count;
    if p_event_ids is null and p_since is null then
        return v_revived;
    end if;
    insert into badges_internal.event_queue (peer_mentor_id, consumer, event_id, due_at)
    select event.peer_mentor_id, p_consumer, event.event_id, v_now
    from badges.award_events as event
    where pg_visible_in_snapshot(event.transaction_id, v_consumer.taken_upto)
    and (
        event.event_id = any(p_event_ids)
        or event.created_at >= p_since and badges_internal._is_wanted(v_consumer, event)
    )
    order by event.event_id
    on conflict (peer_mentor_id, consumer, event_id) do nothing;
    get diagnostics v_queued = row_count;
    return v_revived + v_queued;
end;
$$;

comment on function badges.replay_events(text, bigint[], timestamptz) is
'Queues events of a consumer again and gives how many.';
