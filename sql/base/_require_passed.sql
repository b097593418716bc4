-- Refuses a moment that shall count as now and lies over a day ahead, or is none.
--
-- Raises: 22023.
create or replace function badges_internal._require_passed(p_as_of timestamptz)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_as_of is null or not isfinite(p_as_of) or p_as_of > now() + interval '24 hours' then
        raise exception 'p_as_of must be a moment not more than a day ahead'
        using
            errcode = '22023',
            hint = 'Badges are awarded when their time has come.';
    end if;
end;
$$;

comment on function badges_internal._require_passed(timestamptz) is
'Refuses a moment that shall count as now and lies over a day ahead, or is none.';
