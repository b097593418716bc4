-- Gives the organizations in which the session's person sees what is kept about them.
--
-- Those that the claim pgmerit_orgs names, at the top or in app_metadata. A token without it has
-- those in which the person has recorded or earned something, and those of the setting
-- open_organizations.
create or replace function badges_internal._own_organizations()
returns text[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_claims constant jsonb := badges_internal._session_claims();
    v_person constant uuid := badges_internal._session_person();
begin
    if v_person is null then
        return '{}';
    elsif v_claims ? 'pgmerit_orgs' or v_claims -> 'app_metadata' ? 'pgmerit_orgs' then
        return array(
            select organization.org_id
            from badges.organizations as organization
            where badges_internal._claim_names(v_claims, 'pgmerit_orgs', organization.org_id)
            order by organization.org_id
        );
    end if;
    return array(
        select base.org_id
        from badges.peer_mentor_stats as base
        where base.peer_mentor_id = v_person
        and base.stat = '*'
        union
        select earned.org_id
        from badges.earned_badges as earned
        where earned.peer_mentor_id = v_person
        union
        select organization.org_id
        from badges.organizations as organization
        where badges_internal._setting('open_organizations') ? organization.org_id
        order by org_id
    );
end;
$$;

comment on function badges_internal._own_organizations() is
'Gives the organizations in which the session''s person sees what is kept about them.';
