-- Tries the next rows of a source that were set aside; gives null as after where all were tried.
--
-- p_began: rows tried since are not tried again. A row that somebody is writing is come back to for
-- a minute, then it stays for another time.
--
-- Writes: as _settle_source_rows; badges_internal.source_rows_set_aside.
create or replace function badges_internal._read_rest(
    p_source text,
    p_began timestamptz,
    p_batch integer,
    out written bigint,
    out after jsonb
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_ids bigint[];
begin
    v_ids := array(
        select aside.set_aside_id
        from badges_internal.source_rows_set_aside as aside
        where aside.source = p_source
        and aside.source_key <> ''
        and (aside.tried_at is null or aside.tried_at < p_began)
        order by aside.tried_at nulls first, aside.set_aside_id
        limit p_batch
    );
    written := 0;
    if v_ids <> '{}' then
        written := badges_internal._try_set_aside(
            p_source, v_ids, p_began < clock_timestamp() - interval '1 minute'
        );
        after := 'true';
    end if;
end;
$$;

comment on function badges_internal._read_rest(text, timestamptz, integer) is
'Tries the next rows of a source that were set aside; gives null as after where all were tried.';
