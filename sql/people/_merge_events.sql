-- Moves the events of one person to another as history, marked "merged" in their details.
--
-- What waits to be told of an award that the other holds too is told no more. The caller holds the
-- base rows, the consumers and the queue, and has not united the awards yet.
--
-- Writes: badges.award_events, badges_internal.event_queue.
create or replace function badges_internal._merge_events(
    p_from_peer_mentor_id uuid,
    p_into_peer_mentor_id uuid,
    p_org_ids text[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_told bigint[];
begin
    with moved as (
        update badges.award_events as event
        set
            peer_mentor_id = p_into_peer_mentor_id,
            details = event.details || '{"merged": true}',
            is_delivered_by_default = event.is_delivered_by_default and not known.is_held
        from (
            select
                own.event_id,
                exists (
                    select
                    from badges.earned_badges as held
                    where held.peer_mentor_id = p_into_peer_mentor_id
                    and held.badge_definition_id = own.badge_definition_id
                    and held.org_id = own.org_id
                    and held.tier = own.tier
                    and held.occurrence = own.occurrence
                    and held.revoked_at is null
                ) as is_held
            from badges.award_events as own
            where own.peer_mentor_id = p_from_peer_mentor_id
            and own.org_id = any(p_org_ids)
        ) as known
        where event.peer_mentor_id = p_from_peer_mentor_id
        and event.event_id = known.event_id
        returning event.event_id, known.is_held
    )
    select array_agg(moved.event_id) filter (where moved.is_held)
    into v_told
    from moved;
    delete from badges_internal.event_queue as queued
    where queued.peer_mentor_id = p_into_peer_mentor_id
    and queued.event_id = any(v_told);
end;
$$;

comment on function badges_internal._merge_events(uuid, uuid, text[]) is
'Moves the events of one person to another as history, marked "merged" in their details.';
