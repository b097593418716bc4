-- Notes that a source must be read again as a whole, since what was written cannot be told apart.
--
-- Writes: badges_internal.source_rows_set_aside, as _tell_set_aside.
create or replace function badges_internal._set_source_aside(p_source text, p_reason text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into badges_internal.source_rows_set_aside (
        peer_mentor_id, org_id, source, source_key, reason, set_aside_at
    )
    values (
        '00000000-0000-0000-0000-000000000000', '', p_source, '', left(p_reason, 500),
        clock_timestamp()
    );
    perform badges_internal._tell_set_aside(p_source, p_reason);
end;
$$;

comment on function badges_internal._set_source_aside(text, text) is
'Notes that a source must be read again as a whole, since what was written cannot be told apart.';
