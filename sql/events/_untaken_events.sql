-- Lists the events that a consumer wants and has not looked at, up to a snapshot.
--
-- Those are of transactions that the consumer's own snapshot counts as running or not begun: what
-- commits late is found whatever its event_id.
create or replace function badges_internal._untaken_events(p_consumer text, p_upto pg_snapshot)
returns table (
    peer_mentor_id uuid,
    event_id bigint,
    created_at timestamptz
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_consumer badges_internal.event_consumers;
    v_begin xid8;
    v_running xid8[];
begin
    select held.*
    into v_consumer
    from badges_internal.event_consumers as held
    where held.consumer = p_consumer;
    v_begin := pg_snapshot_xmax(v_consumer.taken_upto);
    v_running := array(select pg_snapshot_xip(v_consumer.taken_upto));
    return query
    select new.peer_mentor_id, new.event_id, new.created_at
    from (
        select event.peer_mentor_id, event.event_id, event.created_at
        from badges.award_events as event
        where event.transaction_id >= v_begin
        and event.transaction_id < pg_snapshot_xmax(p_upto)
        and pg_visible_in_snapshot(event.transaction_id, p_upto)
        and badges_internal._is_wanted(v_consumer, event)
        union all
        select event.peer_mentor_id, event.event_id, event.created_at
        from badges.award_events as event
        where event.transaction_id = any(v_running)
        and pg_visible_in_snapshot(event.transaction_id, p_upto)
        and badges_internal._is_wanted(v_consumer, event)
    ) as new
    order by new.event_id;
end;
$$;

comment on function badges_internal._untaken_events(text, pg_snapshot) is
'Lists the events that a consumer wants and has not looked at, up to a snapshot.';
