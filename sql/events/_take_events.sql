-- Brings events that are new to a consumer into its queue.
--
-- The caller holds the consumer's row. About 10,000 events are looked at a time, whole
-- transactions, until some are wanted or none is left.
--
-- Writes: badges_internal.event_queue, event_consumers.
create or replace function badges_internal._take_events(p_consumer text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_taken pg_snapshot;
    v_upto pg_snapshot;
    v_last xid8;
    v_count bigint;
begin
    select held.taken_upto
    into v_taken
    from badges_internal.event_consumers as held
    where held.consumer = p_consumer;
    loop
        exit when not exists (
            select
            from badges.award_events as event
            where event.transaction_id >= pg_snapshot_xmax(v_taken)
        ) and not exists (
            select
            from badges.award_events as event
            where event.transaction_id = any(array(select pg_snapshot_xip(v_taken)))
        );
        v_last := (
            select event.transaction_id
            from badges.award_events as event
            where event.transaction_id >= pg_snapshot_xmax(v_taken)
            order by event.transaction_id
            offset 9999
            limit 1
        );
        v_upto := badges_internal._events_upto(v_last);
        insert into badges_internal.event_queue (peer_mentor_id, consumer, event_id, due_at)
        select event.peer_mentor_id, p_consumer, event.event_id, clock_timestamp()
        from badges_internal._untaken_events(p_consumer, v_upto) as event
        on conflict (peer_mentor_id, consumer, event_id) do nothing;
        get diagnostics v_count = row_count;
        update badges_internal.event_consumers as held
        set taken_upto = v_upto, last_event_id = badges_internal._last_event_number()
        where held.consumer = p_consumer;
        exit when v_last is null or v_count > 0;
        v_taken := v_upto;
    end loop;
end;
$$;

comment on function badges_internal._take_events(text) is
'Brings events that are new to a consumer into its queue.';
