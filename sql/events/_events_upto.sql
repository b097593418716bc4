-- Gives the snapshot of the calling statement, for a consumer to note what it has looked at.
--
-- The transaction itself counts as running: what it writes later is still new. p_last: what comes
-- after this transaction counts as not begun, null = nothing is cut off.
create or replace function badges_internal._events_upto(p_last xid8 default null)
returns pg_snapshot
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant pg_snapshot := pg_current_snapshot();
    v_end constant xid8
        := least(pg_snapshot_xmax(v_now), (p_last::text::numeric + 1)::text::xid8);
begin
    return (
        select format(
            '%s:%s:%s', least(pg_snapshot_xmin(v_now), v_end), v_end,
            string_agg(running.transaction_id::text, ',' order by running.transaction_id)
        )
        from (
            select pg_snapshot_xip(v_now)
            union
            select pg_current_xact_id_if_assigned()
        ) as running (transaction_id)
        where running.transaction_id < v_end
    )::pg_snapshot;
end;
$$;

comment on function badges_internal._events_upto(xid8) is
'Gives the snapshot of the calling statement, for a consumer to note what it has looked at.';
