-- Lists the dead letters of a consumer, or of all of them, with what they died of.
--
-- Raises: 22023 for an unknown consumer.
create or replace function badges.list_dead_events(p_consumer text default null)
returns table (
    consumer text,
    event_id bigint,
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    event_type text,
    attempts integer,
    dead_at timestamptz,
    last_status integer,
    last_error text
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if p_consumer is not null then
        perform badges_internal._require_consumer(p_consumer);
    end if;
    return query
    select
        queued.consumer, queued.event_id, queued.peer_mentor_id, event.org_id,
        event.badge_definition_id, event.event_type, queued.attempts, queued.dead_at,
        queued.last_status, queued.last_error
    from badges_internal.event_queue as queued
    join badges.award_events as event
        on event.peer_mentor_id = queued.peer_mentor_id
        and event.event_id = queued.event_id
    where queued.dead_at is not null
    and (queued.consumer = p_consumer or p_consumer is null)
    order by queued.consumer, queued.event_id;
end;
$$;

comment on function badges.list_dead_events(text) is
'Lists the dead letters of a consumer, or of all of them, with what they died of.';
