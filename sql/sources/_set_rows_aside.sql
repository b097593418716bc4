-- Sets aside the rows that cannot be activities, each once, and raises the alert.
--
-- Writes: badges_internal.source_rows_set_aside, as _tell_set_aside.
create or replace function badges_internal._set_rows_aside(
    p_source text,
    p_rows badges_internal.source_row[]
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
        odd.peer_mentor_id, odd.org_id, p_source, odd.source_key, odd.problem, clock_timestamp()
    from unnest(p_rows) as odd
    where odd.problem is not null
    and not exists (
        select
        from badges_internal.source_rows_set_aside as held
        where held.peer_mentor_id = odd.peer_mentor_id
        and held.org_id = odd.org_id
        and held.source = p_source
        and held.source_key = odd.source_key
    );
    perform badges_internal._tell_set_aside(p_source, odd.problem)
    from unnest(p_rows) as odd
    where odd.problem is not null
    limit 1;
end;
$$;

comment on function badges_internal._set_rows_aside(text, badges_internal.source_row[]) is
'Sets aside the rows that cannot be activities, each once, and raises the alert.';
