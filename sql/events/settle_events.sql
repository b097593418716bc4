-- Tells what became of claimed events, and gives how many of them it changed.
--
-- p_outcome: done; retry: due again after p_retry_in, a minute unless told; dead: kept, never given
-- again unless replayed, and later events pass; release: given back, the attempt not counted. What
-- is settled already counts 0. retry and dead are kept as attempts, done too where a status, an
-- error or milliseconds are given; of p_error the first 1000 characters. Plans as in claim_events.
--
-- Locks:  badges_internal.event_queue rows, in the order of event_id.
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
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_material = off
set enable_mergejoin = off
set enable_seqscan = off
set jit = off
as $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_error constant text := left(p_error, 1000);
    v_rows tid[];
    v_people uuid[];
    v_events bigint[];
    v_attempts integer[];
begin
    perform badges_internal._require_consumer(p_consumer);
    perform badges_internal._require_settlement(
        p_event_ids, p_outcome, p_retry_in, p_status, p_milliseconds
    );
    select
        array_agg(held.row_id), array_agg(held.peer_mentor_id), array_agg(held.event_id),
        array_agg(held.attempts)
    into v_rows, v_people, v_events, v_attempts
    from (select distinct event_id from unnest(p_event_ids) as given (event_id) order by 1) as given
    cross join lateral (
        select
            queued.ctid as row_id, queued.peer_mentor_id, queued.event_id, queued.attempts,
            queued.dead_at, queued.leased_until
        from badges_internal.event_queue as queued
        where queued.consumer = p_consumer
        and queued.event_id between given.event_id and given.event_id
        order by queued.event_id
        limit 1
        for update
    ) as held
    where p_outcome = 'done' or held.dead_at is null and held.leased_until is not null;
    if v_events is null then
        return 0;
    end if;
    insert into badges_internal.delivery_attempts (
        peer_mentor_id, consumer, event_id, attempt, attempted_at, outcome, status, error,
        milliseconds
    )
    select
        held.peer_mentor_id, p_consumer, held.event_id, held.attempts, v_now, p_outcome, p_status,
        v_error, p_milliseconds
    from unnest(v_people, v_events, v_attempts) as held (peer_mentor_id, event_id, attempts)
    where p_outcome in ('retry', 'dead')
    or p_outcome = 'done' and num_nonnulls(p_status, p_error, p_milliseconds) > 0
    on conflict (peer_mentor_id, consumer, event_id, attempted_at) do nothing;
    if p_outcome = 'done' then
        delete from badges_internal.event_queue as queued where queued.ctid = any(v_rows);
        perform badges_internal._unpark_events(p_consumer, v_people, v_now);
        -- Workers that settle at the same time do not wait for each other: one of them notes it.
        update badges_internal.event_progress as noted
        set last_done_at = v_now
        from (
            select held.consumer
            from badges_internal.event_progress as held
            where held.consumer = p_consumer
            and (held.last_done_at < v_now - interval '1 second' or held.last_done_at is null)
            for update skip locked
        ) as free
        where noted.consumer = free.consumer;
        return cardinality(v_events);
    end if;
    update badges_internal.event_queue as queued
    set
        attempts = queued.attempts - case when p_outcome = 'release' then 1 else 0 end,
        due_at = case
            when p_outcome = 'retry' then v_now + coalesce(p_retry_in, '1 minute')
            when p_outcome = 'dead' then 'infinity'
            else v_now
        end,
        leased_until = null,
        dead_at = case when p_outcome = 'dead' then v_now end,
        last_status = case when p_outcome = 'release' then queued.last_status else p_status end,
        last_error = case when p_outcome = 'release' then queued.last_error else v_error end
    where queued.ctid = any(v_rows);
    if p_outcome = 'dead' then
        perform badges_internal._unpark_events(p_consumer, v_people, v_now);
    end if;
    return cardinality(v_events);
end;
$$;

comment on function badges.settle_events(
    text, bigint[], text, interval, integer, text, integer
) is
'Tells what became of claimed events, and gives how many of them it changed.';
