-- Gives a consumer nothing from now on and raises alert endpoint_dead; false = it was so already.
--
-- What waits for it stays, and events go on to wait. p_reason: at most 1000 characters.
--
-- Locks:  the consumer's row.
-- Writes: badges_internal.event_consumers, alerts, badges.award_events, the server's log.
-- Raises: 22023 for an unknown consumer or no reason.
create or replace function badges.disable_consumer(p_consumer text, p_reason text)
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform badges_internal._require_consumer(p_consumer);
    if length(p_reason) > 1000 or p_reason !~ '\S' or p_reason is null then
        raise exception 'disabling a consumer needs a reason of 1 to 1000 characters'
        using errcode = '22023', hint = 'Say in p_reason why it gets nothing.';
    end if;
    update badges_internal.event_consumers as held
    set disabled_at = clock_timestamp(), disabled_reason = p_reason
    where held.consumer = p_consumer
    and held.disabled_at is null;
    if not found then
        return false;
    end if;
    perform badges.raise_alert(
        'endpoint_dead', p_consumer, jsonb_build_object('reason', p_reason)
    );
    return true;
end;
$$;

comment on function badges.disable_consumer(text, text) is
'Gives a consumer nothing from now on and raises alert endpoint_dead; false = it was so already.';
