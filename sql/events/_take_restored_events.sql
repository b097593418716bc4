-- Brings every consumer its new events after a restore into another cluster.
--
-- The transactions of the other cluster say nothing about those of this one: what this one has not
-- reached, or counts as running, becomes 2, which is older than every transaction. Reads all events
-- once; does nothing where nothing was restored.
--
-- Locks:  badges_internal.event_consumers, all rows in key order, after a restore.
-- Writes: badges_internal.event_queue, event_consumers, badges.award_events.
create or replace function badges_internal._take_restored_events()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_cluster constant bigint := badges_internal._cluster_identifier();
begin
    if not exists (
        select
        from badges_internal.event_consumers as held
        where held.system_identifier <> v_cluster
    ) and not exists (
        select
        from badges.award_events as event
        where event.transaction_id >= pg_snapshot_xmax(pg_current_snapshot())
        and event.created_at < now()
    )
    then
        return;
    end if;
    perform
    from badges_internal.event_consumers as held
    order by held.consumer
    for no key update;
    -- In one statement, so that all of it sees the same moment.
    with seen as materialized (
        select badges_internal._events_upto() as upto
    ),
    restored as materialized (
        select event.*
        from badges.award_events as event
        -- What this transaction has written is told once it has committed.
        where event.created_at < now()
        or event.transaction_id is distinct from pg_current_xact_id_if_assigned()
    ),
    queued as (
        insert into badges_internal.event_queue (peer_mentor_id, consumer, event_id, due_at)
        select event.peer_mentor_id, held.consumer, event.event_id, clock_timestamp()
        from badges_internal.event_consumers as held
        join restored as event
            on not pg_visible_in_snapshot(event.transaction_id, held.taken_upto)
            or (held.system_identifier <> v_cluster and event.event_id > held.last_event_id)
        where badges_internal._is_wanted(held, event)
        order by event.event_id
        on conflict (peer_mentor_id, consumer, event_id) do nothing
    ),
    renumbered as (
        update badges.award_events as event
        set transaction_id = '2'
        from restored
        cross join seen
        where event.peer_mentor_id = restored.peer_mentor_id
        and event.event_id = restored.event_id
        and not pg_visible_in_snapshot(restored.transaction_id, seen.upto)
    )
    update badges_internal.event_consumers as held
    set
        taken_upto = seen.upto,
        system_identifier = v_cluster,
        last_event_id = badges_internal._last_event_number()
    from seen
    where true; -- pg_safeupdate, which Supabase loads for its API, wants a condition
end;
$$;

comment on function badges_internal._take_restored_events() is
'Brings every consumer its new events after a restore into another cluster.';
