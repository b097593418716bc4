-- Removes what names a person outside the tables that keep people; gives how many rows.
--
-- Alerts whose subject is the person, with their events, and the ids that mean another since a
-- merge. What verify was asked about stays, without the person.
--
-- Writes: badges_internal.alerts, verifications, event_queue, delivery_attempts,
--         badges.award_events, external_ids.
create or replace function badges_internal._erase_names(p_peer_mentor_id uuid)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_id constant text := p_peer_mentor_id;
    v_nobody constant uuid := '00000000-0000-0000-0000-000000000000'; -- whose events alerts are
    v_removed bigint;
begin
    with named as materialized (
        select event.event_id
        from badges.award_events as event
        where event.peer_mentor_id = v_nobody
        and strpos(lower(event.details::text), v_id) > 0
    ),
    unqueued as (
        delete from badges_internal.event_queue as queued
        using named
        where queued.peer_mentor_id = v_nobody
        and queued.event_id = named.event_id
    ),
    forgotten as (
        delete from badges_internal.delivery_attempts as tried
        using named
        where tried.peer_mentor_id = v_nobody
        and tried.event_id = named.event_id
    ),
    untold as (
        delete from badges.award_events as event
        using named
        where event.peer_mentor_id = v_nobody
        and event.event_id = named.event_id
        returning 1
    ),
    unsaid as (
        delete from badges_internal.alerts as alert
        where strpos(lower(alert.subject), v_id) > 0
        returning 1
    ),
    unscoped as (
        update badges_internal.verifications as verified
        set scope = replace(lower(verified.scope), v_id, 'erased')
        where strpos(lower(verified.scope), v_id) > 0
        returning 1
    ),
    unnamed as (
        delete from badges.external_ids as named
        using badges_internal.merged_people as merged
        where merged.peer_mentor_id = p_peer_mentor_id
        and named.peer_mentor_id = merged.into_peer_mentor_id
        and badges.mentor_id_from(named.namespace, named.external_id) = p_peer_mentor_id
        returning 1
    )
    select
        (select count(*) from untold) + (select count(*) from unsaid)
        + (select count(*) from unscoped) + (select count(*) from unnamed)
    into v_removed;
    return v_removed;
end;
$$;

comment on function badges_internal._erase_names(uuid) is
'Removes what names a person outside the tables that keep people; gives how many rows.';
