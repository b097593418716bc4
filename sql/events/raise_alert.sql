-- Raises an alert as an event and a line of the server's log; false = it is open already.
--
-- Alerts: duplicate_stopped, drift_found, endpoint_dead, people_waiting, rows_set_aside. p_details:
-- an object, goes into the event's details beside alert, subject and code.
--
-- Locks:  the alert's row.
-- Writes: badges_internal.alerts, badges.award_events, the server's log.
-- Raises: 22023 for an argument that means nothing.
create or replace function badges.raise_alert(
    p_alert text,
    p_subject text,
    p_details jsonb default '{}'
)
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := clock_timestamp();
begin
    perform badges_internal._require_alert(p_alert, p_subject);
    if jsonb_typeof(p_details) is distinct from 'object' or pg_column_size(p_details) > 10000 then
        raise exception 'p_details must be a JSON object of at most 10000 bytes'
        using errcode = '22023', hint = 'Leave p_details out, or give an object.';
    end if;
    insert into badges_internal.alerts as held (alert, subject, raised_at)
    values (p_alert, p_subject, v_now)
    on conflict (alert, subject) do update set raised_at = v_now, cleared_at = null
    where held.cleared_at is not null;
    if not found then
        return false;
    end if;
    insert into badges.award_events (
        peer_mentor_id, org_id, badge_definition_id, tier, occurrence, event_type, source,
        is_delivered_by_default, transaction_id, created_at, details
    )
    values (
        '00000000-0000-0000-0000-000000000000', '', '', '', 1, 'alert', 'alert', true,
        pg_current_xact_id(), v_now,
        p_details || jsonb_build_object(
            'alert', p_alert, 'subject', p_subject, 'code', badges_internal._alert_code(p_alert)
        )
    );
    perform badges_internal._log_alert(p_alert, p_subject);
    return true;
end;
$$;

comment on function badges.raise_alert(text, text, jsonb) is
'Raises an alert as an event and a line of the server''s log; false = it is open already.';
