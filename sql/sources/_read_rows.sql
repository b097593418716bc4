-- Brings in the next rows of a source, by their keys, and gives the last key; null = no more.
--
-- Writes: as _settle_source_rows; badges_internal.source_rows_set_aside.
create or replace function badges_internal._read_rows(
    p_source text,
    p_after text,
    p_batch integer,
    out written bigint,
    out after jsonb
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_columns constant record := badges_internal._source_key_columns(p_source);
    v_keys text[];
    v_busy text[];
    v_reason text := 'it was being written while it was read';
begin
    execute format(
        'select array('
        'select held.source_key from badges_sources.%I as held%s order by %s limit $1)',
        p_source || ':keys',
        case when p_after is not null then format(
            ' where (%s) > (%s)', v_columns.columns, v_columns.after
        ) else '' end,
        v_columns.columns
    )
    into v_keys
    using p_batch, p_after;
    written := 0;
    if v_keys = '{}' then
        return;
    end if;
    after := to_jsonb(v_keys[cardinality(v_keys)]);
    begin
        select settled.written, settled.busy
        into written, v_busy
        from badges_internal._settle_source_rows(p_source, v_keys, null, null, null) as settled;
    exception
        -- Somebody's first activity is being written: that cannot be seen, only waited for.
        when lock_not_available or transaction_rollback then
            v_busy := v_keys;
        -- What one row does wrong is found when the rest is read, row by row.
        when data_exception or integrity_constraint_violation or program_limit_exceeded then
            v_busy := v_keys;
            v_reason := sqlerrm;
    end;
    insert into badges_internal.source_rows_set_aside (
        peer_mentor_id, org_id, source, source_key, reason, set_aside_at
    )
    select
        '00000000-0000-0000-0000-000000000000', '', p_source, busy.source_key,
        left(v_reason, 500), clock_timestamp()
    from unnest(v_busy) as busy (source_key);
end;
$$;

comment on function badges_internal._read_rows(text, text, integer) is
'Brings in the next rows of a source, by their keys, and gives the last key; null = no more.';
