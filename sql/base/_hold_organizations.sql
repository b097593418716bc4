-- Refuses organizations that do not exist, and an old snapshot of those that do.
--
-- An old snapshot must not add a person behind a rule set that was applied since: the
-- organization's row has changed then, and the lock answers 40001.
--
-- Locks:  badges.organizations rows, above READ COMMITTED.
-- Raises: 23503 when an organization does not exist.
create or replace function badges_internal._hold_organizations(p_org_ids text[])
returns void
language plpgsql
volatile
as $$
begin
    perform badges_internal._require_organization(given.org_id)
    from (select distinct each.org_id from unnest(p_org_ids) as each (org_id)) as given;
    if current_setting('transaction_isolation') <> 'read committed' then
        perform
        from badges.organizations as organization
        where organization.org_id = any(p_org_ids)
        order by organization.org_id
        for share;
    end if;
end;
$$;

comment on function badges_internal._hold_organizations(text[]) is
'Refuses organizations that do not exist, and an old snapshot of those that do.';
