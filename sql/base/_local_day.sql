-- Gives the local day of a moment in an organization's time zone, null where it is unknown.
create or replace function badges_internal._local_day(p_org_id text, p_occurred_at timestamptz)
returns date
language sql
stable
return (
    select (p_occurred_at at time zone organization.time_zone)::date
    from badges.organizations as organization
    where organization.org_id = p_org_id
);

comment on function badges_internal._local_day(text, timestamptz) is
'Gives the local day of a moment in an organization''s time zone, null where it is unknown.';
