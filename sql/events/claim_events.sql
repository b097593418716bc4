-- Leases the next events of a consumer, each person's in their order.
--
-- A consumer that is not known is registered for everything, from the beginning; a disabled one
-- gets nothing. Commit soon: other workers of the consumer wait meanwhile. What is not settled when
-- its lease runs out is given again. attempt counts from 1. name: in the default language. The
-- queue grows and shrinks faster than statistics follow: plans go by keys, whatever those say, and
-- are not compiled though forbidden scans look dear.
--
-- Locks:  the consumer's row, then badges_internal.event_queue rows that nobody holds.
-- Writes: badges_internal.event_consumers, event_queue; badges.award_events after a restore.
-- Raises: 22023 for a name, limit or lease that means nothing.
create or replace function badges.claim_events(
    p_consumer text,
    p_limit integer default 100,
    p_lease interval default '1 minute'
)
returns table (
    event_id bigint,
    peer_mentor_id uuid,
    org_id text,
    badge_definition_id text,
    tier text,
    occurrence integer,
    event_type text,
    source text,
    name text,
    created_at timestamptz,
    details jsonb,
    attempt integer,
    leased_until timestamptz
)
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
#variable_conflict use_column
declare
    v_until timestamptz;
    v_people uuid[];
    v_events bigint[];
    v_attempts integer[];
    v_told integer;
begin
    perform badges_internal._require_consumer_name(p_consumer);
    perform badges_internal._require_span('p_lease', p_lease, '1 day');
    if (p_limit between 1 and 10000) is not true then
        raise exception 'p_limit must be a number from 1 to 10000'
        using errcode = '22023', hint = 'Claim a batch, settle it and claim again.';
    end if;
    if not exists (
        select from badges_internal.event_consumers as held where held.consumer = p_consumer
    ) then
        perform badges.register_consumer(p_consumer);
    end if;
    perform badges_internal._take_restored_events();
    perform
    from badges_internal.event_consumers as held
    where held.consumer = p_consumer
    and held.disabled_at is null
    for no key update;
    if not found then
        return;
    end if;
    perform badges_internal._take_events(p_consumer);
    v_until := clock_timestamp() + p_lease;
    select array_agg(leased.peer_mentor_id), array_agg(leased.event_id), array_agg(leased.attempts)
    into v_people, v_events, v_attempts
    from badges_internal._lease_events(p_consumer, p_limit, v_until) as leased;
    return query
    select
        event.event_id, event.peer_mentor_id, event.org_id, event.badge_definition_id, event.tier,
        event.occurrence, event.event_type, event.source,
        coalesce(
            badges_internal._award_name(definition, event.tier), event.badge_definition_id
        ),
        event.created_at, event.details, leased.attempts, v_until
    from unnest(v_people, v_events, v_attempts) as leased (peer_mentor_id, event_id, attempts)
    join badges.award_events as event
        on event.peer_mentor_id = leased.peer_mentor_id
        and event.event_id = leased.event_id
    left join badges.badge_definitions as definition
        on definition.badge_definition_id = event.badge_definition_id
    order by event.event_id;
    get diagnostics v_told = row_count;
    if v_told < cardinality(v_events) then
        -- Events were deleted meanwhile.
        delete from badges_internal.event_queue as queued
        using unnest(v_people, v_events) as leased (peer_mentor_id, event_id)
        where queued.peer_mentor_id = leased.peer_mentor_id
        and queued.consumer = p_consumer
        and queued.event_id = leased.event_id
        and not exists (
            select
            from badges.award_events as event
            where event.peer_mentor_id = leased.peer_mentor_id
            and event.event_id = leased.event_id
        );
    end if;
end;
$$;

comment on function badges.claim_events(text, integer, interval) is
'Leases the next events of a consumer, each person''s in their order.';
