-- Fills the local day from the organization's time zone, whatever the session's is.
--
-- The zone is looked up once a transaction and kept in a setting, which an apply clears: behind the
-- time at which the day starts, where that is not midnight.
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
declare
    v_setting constant text := 'pgmerit.zone_' || md5(new.org_id);
    v_kept text := current_setting(v_setting, true);
begin
    if coalesce(v_kept, '') = '' then
        select concat(nullif(organization.day_starts, '00:00') || ' ', organization.time_zone)
        into v_kept
        from badges.organizations as organization
        where organization.org_id = new.org_id
        and not exists (select from badges_internal.rule_gate for key share);
        if not found then
            perform badges_internal._require_organization(new.org_id);
        end if;
        perform set_config(v_setting, v_kept, true);
    end if;
    new.activity_date := case
        -- No zone's name begins with a digit.
        when ascii(v_kept) > ascii('9')
            then badges_internal._day_of(new.occurred_at, v_kept, '00:00')
        else badges_internal._day_of(new.occurred_at, substr(v_kept, 10), left(v_kept, 8)::time)
    end;
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
