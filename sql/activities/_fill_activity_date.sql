-- Fills the local day from the organization's time zone, whatever the session's is.
--
-- On insert where the writer gave none; on update where the moment or the organization changed
-- and the day was not given with it.
create or replace function badges_internal._fill_activity_date()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    -- A zone that changes before the rows are counted would leave a day behind.
    perform badges_internal._hold_rules();
    perform badges_internal._require_organization(new.org_id);
    new.activity_date := badges_internal._local_day(new.org_id, new.occurred_at);
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

create or replace trigger fill_changed_activity_date
before update of occurred_at, org_id on badges.activities
for each row
when (
    new.activity_date = old.activity_date
    and (new.occurred_at <> old.occurred_at or new.org_id <> old.org_id)
)
execute function badges_internal._fill_activity_date();
