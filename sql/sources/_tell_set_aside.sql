-- Raises alert rows_set_aside for a source, unless it is open or another session is about to.
--
-- Another session's alert is not waited for: its transaction is the application's.
--
-- Writes: as raise_alert.
create or replace function badges_internal._tell_set_aside(p_source text, p_reason text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '1ms'
as $$
begin
    if exists (
        select
        from badges_internal.alerts as held
        where held.alert = 'rows_set_aside'
        and held.subject = p_source
        and held.cleared_at is null
    ) then
        return;
    end if;
    perform badges.raise_alert(
        'rows_set_aside', p_source, jsonb_build_object('reason', left(p_reason, 500))
    );
exception
    when lock_not_available or serialization_failure then null;
end;
$$;

comment on function badges_internal._tell_set_aside(text, text) is
'Raises alert rows_set_aside for a source, unless it is open or another session is about to.';
