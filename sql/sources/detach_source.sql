-- Detaches a table: its triggers and views go, and its activities stay.
--
-- p_remove: its activities shall go too; remove_source_activities does it in batches. Gives
-- {"detached", "is_done"}: is_done = nothing is left to remove.
--
-- Locks:  the table against everybody, 1 second at most.
-- Writes: badges_internal.sources, source_rows_set_aside, what attach_source made.
-- Raises: 22023 an unknown source, 42501 without the rights it takes, 55P03.
create or replace function badges.detach_source(p_source text, p_remove boolean)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
as $$
begin
    perform badges_internal._require_attaching();
    perform badges_internal._require_source(p_source);
    execute 'select 1;' || badges_internal._source_removal(p_source, null);
    delete from badges_internal.source_rows_set_aside as aside where aside.source = p_source;
    delete from badges_internal.sources as held where held.source = p_source;
    perform badges.clear_alert('rows_set_aside', p_source);
    return jsonb_build_object('detached', true, 'is_done', not p_remove);
end;
$$;

comment on function badges.detach_source(text, boolean) is
'Detaches a table: its triggers and views go, and its activities stay.';
