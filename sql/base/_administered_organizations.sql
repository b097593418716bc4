-- Gives the organizations that the session's token administers: those in pgmerit_admin_of.
create or replace function badges_internal._administered_organizations()
returns text[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_claims constant jsonb := badges_internal._session_claims();
begin
    return array(
        select organization.org_id
        from badges.organizations as organization
        where badges_internal._claim_names(v_claims, 'pgmerit_admin_of', organization.org_id)
    );
end;
$$;

comment on function badges_internal._administered_organizations() is
'Gives the organizations that the session''s token administers: those in pgmerit_admin_of.';
