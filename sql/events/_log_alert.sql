-- Writes an alert into the server's log, in one line with its code.
--
-- Writes: the server's log.
create or replace function badges_internal._log_alert(p_alert text, p_subject text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    raise log 'pgmerit alert % ALERT: % %', badges_internal._alert_code(p_alert), p_alert,
        badges_internal._quoted(p_subject);
end;
$$;

comment on function badges_internal._log_alert(text, text) is
'Writes an alert into the server''s log, in one line with its code.';
