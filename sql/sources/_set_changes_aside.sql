-- Sets aside what a statement changed and could not be written, by the keys of before and after.
--
-- Elements without a key are passed over.
--
-- Writes: badges_internal.source_rows_set_aside, as _tell_set_aside.
create or replace function badges_internal._set_changes_aside(
    p_source text,
    p_rows badges_internal.source_row[],
    p_reason text
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into badges_internal.source_rows_set_aside (
        peer_mentor_id, org_id, source, source_key, reason, set_aside_at
    )
    select
        each.peer_mentor_id, each.org_id, p_source, each.source_key, left(p_reason, 500),
        clock_timestamp()
    from unnest(p_rows) as each
    where each.source_key is not null
    group by each.peer_mentor_id, each.org_id, each.source_key;
    perform badges_internal._tell_set_aside(p_source, p_reason);
end;
$$;

comment on function badges_internal._set_changes_aside(text, badges_internal.source_row[], text) is
'Sets aside what a statement changed and could not be written, by the keys of before and after.';
