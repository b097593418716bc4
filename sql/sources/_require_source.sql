-- Gives a source that is attached, or refuses.
--
-- Raises: 22023.
create or replace function badges_internal._require_source(p_source text)
returns badges_internal.sources
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_source badges_internal.sources;
begin
    select held.*
    into v_source
    from badges_internal.sources as held
    where held.source = p_source;
    if not found then
        raise exception 'source % is not attached', badges_internal._quoted(p_source)
        using errcode = '22023', hint = 'pgmerit attach status lists the sources.';
    end if;
    return v_source;
end;
$$;

comment on function badges_internal._require_source(text) is
'Gives a source that is attached, or refuses.';
