-- Tells writers that this transaction brings people up to date, for as long as it is in progress.
--
-- Of two batches beside each other the later one is told: docs of _is_left_to_backfill.
--
-- Writes: badges_internal.latest_batch.
create or replace function badges_internal._begin_batch()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform setval('badges_internal.latest_batch', pg_current_xact_id()::text::bigint);
end;
$$;

comment on function badges_internal._begin_batch() is
'Tells writers that this transaction brings people up to date, for as long as it is in progress.';
