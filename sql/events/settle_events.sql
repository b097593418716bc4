-- Tells what became of claimed events, and gives how many of them it changed.
--
-- p_outcome: done; retry: due again after p_retry_in, a minute unless told; dead: kept, never given
-- again unless replayed, and later events pass; release: given back, the attempt not counted. What
-- is settled already counts 0. retry and dead are kept as attempts, done too where a status, an
-- error or milliseconds are given; of p_error the first 1000 characters.
--
-- Locks:  badges_internal.event_queue rows, in key order.
-- Writes: badges_internal.event_queue, delivery_attempts, event_progress.
-- Raises: 22023 for an argument that means nothing.
create or replace function badges.settle_events(
    p_consumer text,
    p_event_ids bigint[],
    p_outcome text,
    p_retry_in interval default null,
    p_status integer default null,
    p_error text default null,
    p_milliseconds integer default null
)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_error constant text := left(p_error, 1000);
    v_people uuid[];
    v_events bigint[];
begin
    perform badges_internal._require_consumer(p_consumer);
    perform badges_internal._require_settlement(
        p_event_ids, p_outcome, p_retry_in, p_status, p_milliseconds
    );
    select array_agg(held.peer_mentor_id), array_agg(held.event_id)
    into v_people, v_events
    from (
        select queued.peer_mentor_id, queued.event_id
        from badges_internal.event_queue as queued
        where queued.consumer = p_consumer
        and queued.event_id = any(p_event_ids)
        and (p_outcome = 'done' or queued.dead_at is null and queued.leased_until is not null)
        order by queued.peer_mentor_id, queued.event_id
        for update
    ) as held;
    if v_events is null then
        return 0;
    end if;
    insert into badges_internal.delivery_attempts (
        peer_mentor_id, consumer, event_id, attempt, attempted_at, outcome, status, error,
        milliseconds
    )
    select
        queued.peer_mentor_id, p_consumer, queued.event_id, queued.attempts, v_now, p_outcome,
        p_status, v_error, p_milliseconds
    from unnest(v_people, v_events) as held (peer_mentor_id, event_id)
    join badges_internal.event_queue as queued
        on queued.peer_mentor_id = held.peer_mentor_id
        and queued.consumer = p_consumer
        and queued.event_id = held.event_id
    where p_outcome in ('retry', 'dead')
    or p_outcome = 'done' and num_nonnulls(p_status, p_error, p_milliseconds) > 0
    on conflict (peer_mentor_id, consumer, event_id, attempted_at) do nothing;
    if p_outcome = 'done' then
        delete from badges_internal.event_queue as queued
        using unnest(v_people, v_events) as held (peer_mentor_id, event_id)
        where queued.peer_mentor_id = held.peer_mentor_id
        and queued.consumer = p_consumer
        and queued.event_id = held.event_id;
        perform badges_internal._note_progress(p_consumer, v_now);
        return cardinality(v_events);
    end if;
    update badges_internal.event_queue as queued
    set
        attempts = queued.attempts - case when p_outcome = 'release' then 1 else 0 end,
        due_at = v_now + case
            when p_outcome = 'retry' then coalesce(p_retry_in, '1 minute') else '0'
        end,
        leased_until = null,
        dead_at = case when p_outcome = 'dead' then v_now end,
        last_status = case when p_outcome = 'release' then queued.last_status else p_status end,
        last_error = case when p_outcome = 'release' then queued.last_error else v_error end
    from unnest(v_people, v_events) as held (peer_mentor_id, event_id)
    where queued.peer_mentor_id = held.peer_mentor_id
    and queued.consumer = p_consumer
    and queued.event_id = held.event_id;
    return cardinality(v_events);
end;
$$;

comment on function badges.settle_events(
    text, bigint[], text, interval, integer, text, integer
) is
'Tells what became of claimed events, and gives how many of them it changed.';
