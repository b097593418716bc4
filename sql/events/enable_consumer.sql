-- Lets a disabled consumer go on where it stopped; false = it was not disabled.
--
-- Clears its alert.
--
-- Locks:  the consumer's row.
-- Writes: badges_internal.event_consumers, alerts.
-- Raises: 22023 for an unknown consumer.
create or replace function badges.enable_consumer(p_consumer text)
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform badges_internal._require_consumer(p_consumer);
    update badges_internal.event_consumers as held
    set disabled_at = null, disabled_reason = null
    where held.consumer = p_consumer
    and held.disabled_at is not null;
    if not found then
        return false;
    end if;
    perform badges.clear_alert('endpoint_dead', p_consumer);
    return true;
end;
$$;

comment on function badges.enable_consumer(text) is
'Lets a disabled consumer go on where it stopped; false = it was not disabled.';
