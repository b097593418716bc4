-- Fills the local day from the organization's time zone, whatever the session's is.
--
-- Locks:  the rules, as _hold_rules: a zone that changed before the rows are counted would leave a
--         day behind.
-- Raises: 23503 for an unknown organization.
create or replace function badges_internal._fill_activity_date()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    select (new.occurred_at at time zone organization.time_zone)::date
    into new.activity_date
    from badges.organizations as organization
    where organization.org_id = new.org_id
    and not exists (select from badges_internal.rule_gate for key share);
    if not found then
        perform badges_internal._require_organization(new.org_id);
    end if;
    return new;
end;
$$;

comment on function badges_internal._fill_activity_date() is
'Fills the local day from the organization''s time zone, whatever the session''s is.';

create or replace trigger fill_activity_date
before insert on badges.activities
for each row
when (new.activity_date is null)
execute function badges_internal._fill_activity_date();
