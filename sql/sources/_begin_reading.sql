-- Notes that all of a source is to be read, or only what was set aside.
--
-- Writes: badges_internal.sources.
create or replace function badges_internal._begin_reading(p_source text, p_is_whole boolean)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
    update badges_internal.sources as held
    set reading = jsonb_build_object(
        'stage', case when p_is_whole then 'rows' else 'rest' end,
        'began', clock_timestamp(),
        'upto', (
            select coalesce(max(aside.set_aside_id), 0)
            from badges_internal.source_rows_set_aside as aside
            where aside.source = p_source
        )
    )
    where held.source = p_source;
$$;

comment on function badges_internal._begin_reading(text, boolean) is
'Notes that all of a source is to be read, or only what was set aside.';
