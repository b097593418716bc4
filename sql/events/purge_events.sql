-- Deletes events created before a moment that no consumer waits for, and gives how many.
--
-- What a consumer has not taken in, or holds in its queue, dead letters too, is kept. Reads all
-- events. The awards themselves stay.
--
-- Locks:  badges_internal.event_consumers, all rows in key order.
-- Writes: badges.award_events.
-- Raises: 22023 for a moment that is not in the past.
create or replace function badges.purge_events(p_before timestamptz)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_deleted bigint;
begin
    if (p_before < now() and p_before > '-infinity') is not true then
        raise exception 'p_before must be a moment in the past'
        using errcode = '22023', hint = 'Give a moment such as now() - interval ''1 year''.';
    end if;
    perform badges_internal._take_restored_events();
    perform
    from badges_internal.event_consumers as held
    order by held.consumer
    for no key update;
    delete from badges.award_events as event
    where event.created_at < p_before
    and not exists (
        select
        from badges_internal.event_consumers as held
        where not pg_visible_in_snapshot(event.transaction_id, held.taken_upto)
        or exists (
            select
            from badges_internal.event_queue as queued
            where queued.peer_mentor_id = event.peer_mentor_id
            and queued.consumer = held.consumer
            and queued.event_id = event.event_id
        )
    );
    get diagnostics v_deleted = row_count;
    return v_deleted;
end;
$$;

comment on function badges.purge_events(timestamptz) is
'Deletes events created before a moment that no consumer waits for, and gives how many.';
