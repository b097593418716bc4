-- Clears an alert, so that it can be raised again; false = it was not open.
--
-- Locks:  the alert's row.
-- Writes: badges_internal.alerts.
-- Raises: 22023 for an argument that means nothing.
create or replace function badges.clear_alert(p_alert text, p_subject text)
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform badges_internal._require_alert(p_alert, p_subject);
    update badges_internal.alerts as held
    set cleared_at = clock_timestamp()
    where held.alert = p_alert
    and held.subject = p_subject
    and held.cleared_at is null;
    return found;
end;
$$;

comment on function badges.clear_alert(text, text) is
'Clears an alert, so that it can be raised again; false = it was not open.';
