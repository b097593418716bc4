-- Reads the rows of a source with given keys as activities, as they now are.
create or replace function badges_internal._read_source_rows(p_source text, p_keys text[])
returns setof badges_internal.source_row
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
-- Each key by its unique index: else some thousand keys have the whole table read as activities.
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
    v_columns constant record := badges_internal._source_key_columns(p_source);
begin
    return query execute format(
        'select held.source_key, held.peer_mentor_id, held.org_id, held.activity_type,'
        ' held.occurred_at, held.activity_date, held.quantity, held.attributes,'
        ' held.external_id, held.problem from %s join badges_sources.%I as held on %s',
        v_columns.keys, p_source, v_columns.joined
    )
    using p_keys;
end;
$$;

comment on function badges_internal._read_source_rows(text, text[]) is
'Reads the rows of a source with given keys as activities, as they now are.';
