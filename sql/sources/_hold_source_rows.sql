-- Locks the rows of a source with given keys, but for those that somebody is writing.
--
-- busy: the keys of rows that are there and not held. Whoever writes one of the others from now on
-- waits, and its trigger then sees what the caller wrote.
--
-- Locks: rows of the source FOR SHARE, without waiting.
create or replace function badges_internal._hold_source_rows(
    p_source text,
    p_keys text[],
    out busy text[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
-- Each key by its unique index: else some thousand keys have the whole table read as activities.
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
    v_columns constant record := badges_internal._source_key_columns(p_source);
    v_held text[];
begin
    execute format(
        'select array_agg(found.source_key) from (select k.source_key from %s'
        ' join badges_sources.%I as held on %s for share of held skip locked) as found',
        v_columns.keys, p_source || ':keys', v_columns.joined
    )
    into v_held
    using p_keys;
    execute format(
        'select array_agg(k.source_key) from %s join badges_sources.%I as held on %s'
        ' where k.source_key <> all(coalesce($2, ''{}''))',
        v_columns.keys, p_source || ':keys', v_columns.joined
    )
    into busy
    using p_keys, v_held;
end;
$$;

comment on function badges_internal._hold_source_rows(text, text[]) is
'Locks the rows of a source with given keys, but for those that somebody is writing.';
