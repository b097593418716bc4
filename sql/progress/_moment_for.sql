-- Gives the moment that a local day stands for: now on the present day, else its last moment.
--
-- p_as_of null = the present day.
create or replace function badges_internal._moment_for(p_org_id text, p_as_of date)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := clock_timestamp();
begin
    if coalesce(p_as_of = badges_internal._local_day(p_org_id, v_now), true) then
        return v_now;
    end if;
    return (
        select badges_internal._day_begins(
            p_as_of + 1, organization.time_zone, organization.day_starts
        ) - interval '1 microsecond'
        from badges.organizations as organization
        where organization.org_id = p_org_id
    );
end;
$$;

comment on function badges_internal._moment_for(text, date) is
'Gives the moment that a local day stands for: now on the present day, else its last moment.';
