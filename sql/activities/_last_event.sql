-- Gives the newest event of this transaction, 0 where there is none.
create or replace function badges_internal._last_event()
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select coalesce(max(event.event_id), 0)
        from badges.award_events as event
        where event.transaction_id = pg_current_xact_id_if_assigned()
    );
end;
$$;

comment on function badges_internal._last_event() is
'Gives the newest event of this transaction, 0 where there is none.';
