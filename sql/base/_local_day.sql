-- Gives the local day of a moment in an organization, null where that is unknown.
create or replace function badges_internal._local_day(p_org_id text, p_occurred_at timestamptz)
returns date
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select badges_internal._day_of(
            p_occurred_at, organization.time_zone, organization.day_starts
        )
        from badges.organizations as organization
        where organization.org_id = p_org_id
    );
end;
$$;

comment on function badges_internal._local_day(text, timestamptz) is
'Gives the local day of a moment in an organization, null where that is unknown.';
