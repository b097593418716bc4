-- Moves the local day with a corrected moment: by as many days as the organization's day moves.
--
-- A day that the writer gave, other than the zone's, stays as far from it as it was, within what a
-- day may be. Where the update gives a day, that one counts.
--
-- Locks:  the rules, as _hold_rules.
-- Raises: 23503 for an unknown organization.
create or replace function badges_internal._move_activity_date()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_utc_date constant date := (new.occurred_at at time zone 'UTC')::date;
begin
    perform badges_internal._hold_rules();
    perform badges_internal._require_organization(new.org_id);
    new.activity_date := greatest(v_utc_date - 1, least(v_utc_date + 1,
        old.activity_date + (
            badges_internal._local_day(new.org_id, new.occurred_at)
            - badges_internal._local_day(old.org_id, old.occurred_at)
        )
    ));
    return new;
end;
$$;

comment on function badges_internal._move_activity_date() is
'Moves the local day with a corrected moment: by as many days as the organization''s day moves.';

create or replace trigger move_activity_date
before update of occurred_at, org_id on badges.activities
for each row
when (
    new.activity_date = old.activity_date
    and (new.occurred_at <> old.occurred_at or new.org_id <> old.org_id)
    -- A check refuses the others, by its name.
    and isfinite(new.occurred_at)
)
execute function badges_internal._move_activity_date();
