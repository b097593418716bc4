-- Refuses what is no alert, and one about nothing.
--
-- Raises: 22023.
create or replace function badges_internal._require_alert(p_alert text, p_subject text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if badges_internal._alert_code(p_alert) is null then
        raise exception 'unknown alert %', badges_internal._quoted(p_alert)
        using
            errcode = '22023',
            hint = 'Known: duplicate_stopped, drift_found, endpoint_dead, people_waiting, '
                'rows_set_aside.';
    end if;
    if length(p_subject) > 200 or p_subject !~ '\S' or p_subject is null then
        raise exception 'an alert needs a subject of 1 to 200 characters'
        using errcode = '22023', hint = 'Say in p_subject what the alert is about.';
    end if;
end;
$$;

comment on function badges_internal._require_alert(text, text) is
'Refuses what is no alert, and one about nothing.';
