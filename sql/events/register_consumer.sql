-- Registers a consumer of events, or gives a known one another filter for what it takes in next.
--
-- A null filter = all; alerts are of no organization and no badge. p_with_silent: also events that
-- are not delivered by default, of backfills and imports. p_since counts on the first registration
-- only: events created before are passed over; clock_timestamp() = from now on.
--
-- Locks:  the consumer's row.
-- Writes: badges_internal.event_consumers, event_progress.
-- Raises: 22023 for a name or filter that means nothing.
create or replace function badges.register_consumer(
    p_consumer text,
    p_event_types text[] default null,
    p_org_ids text[] default null,
    p_badge_definition_ids text[] default null,
    p_with_silent boolean default false,
    p_since timestamptz default '-infinity'
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform badges_internal._require_consumer_name(p_consumer);
    perform badges_internal._require_filter(
        'p_event_types', p_event_types,
        array['awarded', 'revoked', 'restored', 'lapsed', 'redated', 'conflict', 'alert']
    );
    perform badges_internal._require_filter('p_org_ids', p_org_ids);
    perform badges_internal._require_filter('p_badge_definition_ids', p_badge_definition_ids);
    if p_with_silent is null or p_since is null or p_since = 'infinity' then
        raise exception 'p_with_silent and p_since must not be null, p_since not infinity'
        using errcode = '22023', hint = 'Leave them out, or give true or false and a moment.';
    end if;
    perform badges_internal._take_restored_events();
    insert into badges_internal.event_consumers as held (
        consumer, event_types, org_ids, badge_definition_ids, with_silent, events_since,
        taken_upto, system_identifier, last_event_id, created_at
    )
    values (
        p_consumer, p_event_types, p_org_ids, p_badge_definition_ids, p_with_silent, p_since,
        case when p_since < now() then '1:1:' else badges_internal._events_upto() end,
        badges_internal._cluster_identifier(), badges_internal._last_event_number(),
        clock_timestamp()
    )
    on conflict (consumer) do update set
        event_types = excluded.event_types,
        org_ids = excluded.org_ids,
        badge_definition_ids = excluded.badge_definition_ids,
        with_silent = excluded.with_silent;
    insert into badges_internal.event_progress (consumer)
    values (p_consumer)
    on conflict (consumer) do nothing;
end;
$$;

comment on function badges.register_consumer(
    text, text[], text[], text[], boolean, timestamptz
) is
'Registers a consumer of events, or gives a known one another filter for what it takes in next.';
