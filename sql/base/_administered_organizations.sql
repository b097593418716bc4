-- Gives the organizations that the session's token administers: those in pgmerit_admin_of.
create or replace function badges_internal._administered_organizations()
returns text[]
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
    select array(
        select organization.org_id
        from badges.organizations as organization
        where badges_internal._claim_names(held.claims, 'pgmerit_admin_of', organization.org_id)
    )
    from badges_internal._session_claims() as held (claims);
$$;

comment on function badges_internal._administered_organizations() is
'Gives the organizations that the session''s token administers: those in pgmerit_admin_of.';
