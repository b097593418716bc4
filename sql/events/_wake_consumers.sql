-- Wakes who listens on channel pgmerit_events once new events are committed.
--
-- A convenience that carries nothing, at most one a transaction; consumers poll anyway. Setting
-- notify_events says whether; while it was never set, only servers that know no PREPARE TRANSACTION
-- send it, since that refuses a transaction that notified. Nothing is sent where no consumer is
-- registered, or the server's queue is half full: full, it would make the commit fail.
create or replace function badges_internal._wake_consumers()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    -- Asked alone: where nobody listens the rest is not begun.
    if exists (select from badges_internal.event_consumers) then
        if coalesce(
                (
                    select held.setting_value = 'true'
                    from badges_internal.settings as held
                    where held.setting = 'notify_events'
                ),
                current_setting('max_prepared_transactions') = '0'
            )
            and pg_notification_queue_usage() < 0.5
        then
            perform pg_notify('pgmerit_events', '');
        end if;
    end if;
    return null;
end;
$$;

comment on function badges_internal._wake_consumers() is
'Wakes who listens on channel pgmerit_events once new events are committed.';

create or replace trigger wake_consumers
after insert on badges.award_events
for each statement execute function badges_internal._wake_consumers();
