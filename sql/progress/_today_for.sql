-- Gives the local day that counts as today: the given one, else the organization's present one.
--
-- Raises: 22023 for a day that is infinite, or outside 1900 to 2399.
create or replace function badges_internal._today_for(p_org_id text, p_as_of date)
returns date
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_as_of < '1900-01-01' or p_as_of >= '2400-01-01' then
        raise exception 'p_as_of must be a day between 1900 and 2399'
        using
            errcode = '22023',
            hint = 'Leave it out for today.';
    end if;
    return coalesce(p_as_of, badges_internal._local_day(p_org_id, clock_timestamp()));
end;
$$;

comment on function badges_internal._today_for(text, date) is
'Gives the local day that counts as today: the given one, else the organization''s present one.';
