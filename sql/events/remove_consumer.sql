-- Removes a consumer with all that waits for it and what became of the rest; false = unknown.
--
-- Locks:  the consumer's row.
-- Writes: badges_internal.event_consumers, event_progress, event_queue, delivery_attempts.
-- Raises: 22023 for a name that is none.
create or replace function badges.remove_consumer(p_consumer text)
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_is_removed boolean;
begin
    perform badges_internal._require_consumer_name(p_consumer);
    delete from badges_internal.event_consumers as held where held.consumer = p_consumer;
    v_is_removed := found;
    delete from badges_internal.event_progress as held where held.consumer = p_consumer;
    delete from badges_internal.event_queue as queued where queued.consumer = p_consumer;
    delete from badges_internal.delivery_attempts as tried where tried.consumer = p_consumer;
    perform badges.clear_alert('endpoint_dead', p_consumer);
    return v_is_removed;
end;
$$;

comment on function badges.remove_consumer(text) is
'Removes a consumer with all that waits for it and what became of the rest; false = unknown.';
