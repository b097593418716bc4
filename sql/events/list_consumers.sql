-- Lists the consumers, what waits for each, what is leased and what is dead.
--
-- pending: events that no worker has, taken into the queue or not yet. oldest_pending_at: when the
-- oldest event that is not settled, leased or not, was created. last_done_at is true to a second.
create or replace function badges.list_consumers()
returns table (
    consumer text,
    pending bigint,
    leased bigint,
    dead bigint,
    oldest_pending_at timestamptz,
    last_done_at timestamptz,
    disabled_at timestamptz,
    disabled_reason text,
    event_types text[],
    org_ids text[],
    badge_definition_ids text[],
    with_silent boolean
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select
        held.consumer, queued.waiting + untaken.events, queued.leased, queued.dead,
        least(oldest.created_at, untaken.oldest_at), noted.last_done_at, held.disabled_at,
        held.disabled_reason, held.event_types, held.org_ids, held.badge_definition_ids,
        held.with_silent
    from badges_internal.event_consumers as held
    left join badges_internal.event_progress as noted on noted.consumer = held.consumer
    cross join lateral (
        select
            count(*) filter (
                where each.dead_at is null and (each.leased_until > clock_timestamp()) is not true
            ) as waiting,
            count(*) filter (
                where each.dead_at is null and each.leased_until > clock_timestamp()
            ) as leased,
            count(*) filter (where each.dead_at is not null) as dead
        from badges_internal.event_queue as each
        where each.consumer = held.consumer
    ) as queued
    cross join lateral (
        select count(*) as events, min(each.created_at) as oldest_at
        from badges_internal._untaken_events(
            held.consumer, badges_internal._events_upto()
        ) as each
    ) as untaken
    left join lateral (
        select event.created_at
        from badges_internal.event_queue as each
        join badges.award_events as event
            on event.peer_mentor_id = each.peer_mentor_id
            and event.event_id = each.event_id
        where each.consumer = held.consumer
        and each.dead_at is null
        order by each.event_id
        limit 1
    ) as oldest on true
    order by held.consumer;
end;
$$;

comment on function badges.list_consumers() is
'Lists the consumers, what waits for each, what is leased and what is dead.';
