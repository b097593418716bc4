-- Gives the code of an alert in the server's log, null for what is no alert.
create or replace function badges_internal._alert_code(p_alert text)
returns text
language sql
immutable
return case
    when p_alert = 'duplicate_stopped' then 'MBA01'
    when p_alert = 'drift_found' then 'MBA02'
    when p_alert = 'endpoint_dead' then 'MBA03'
    when p_alert = 'people_waiting' then 'MBA04'
    when p_alert = 'rows_set_aside' then 'MBA05'
end;

comment on function badges_internal._alert_code(text) is
'Gives the code of an alert in the server''s log, null for what is no alert.';
