-- Lists rows of a source that are not yet what they must be, with the reason, oldest first.
--
-- An empty source_key stands for all rows, or for the person alone, who is still to be erased.
--
-- Raises: 22023 an unknown source.
create or replace function badges.list_set_aside(p_source text, p_limit integer default 100)
returns table (
    source_key text,
    peer_mentor_id uuid,
    org_id text,
    reason text,
    set_aside_at timestamptz
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform badges_internal._require_source(p_source);
    return query
    select
        aside.source_key, aside.peer_mentor_id, aside.org_id, aside.reason, aside.set_aside_at
    from badges_internal.source_rows_set_aside as aside
    where aside.source = p_source
    order by aside.set_aside_id
    limit p_limit;
end;
$$;

comment on function badges.list_set_aside(text, integer) is
'Lists rows of a source that are not yet what they must be, with the reason, oldest first.';
