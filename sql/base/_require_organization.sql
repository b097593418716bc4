-- Refuses an organization that does not exist.
--
-- Raises: 23503.
create or replace function badges_internal._require_organization(p_org_id text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (
        select from badges.organizations as organization where organization.org_id = p_org_id
    ) then
        raise exception 'organization % does not exist', badges_internal._quoted(p_org_id)
        using
            errcode = '23503',
            table = 'organizations',
            column = 'org_id',
            hint = 'Apply a rule set that names the organization.';
    end if;
end;
$$;

comment on function badges_internal._require_organization(text) is
'Refuses an organization that does not exist.';
