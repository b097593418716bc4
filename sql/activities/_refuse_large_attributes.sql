-- Refuses attributes that an update makes larger than 256 kB.
--
-- A trigger, not a check: rows from before may stay, and change in everything else. What is
-- inserted is looked at where it is counted.
--
-- Raises: 23514.
create or replace function badges_internal._refuse_large_attributes()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform badges_internal._refuse_activity(null, new.attributes);
    return new;
end;
$$;

comment on function badges_internal._refuse_large_attributes() is
'Refuses attributes that an update makes larger than 256 kB.';

create or replace trigger refuse_large_changed_attributes
before update of attributes on badges.activities
for each row
when (
    new.attributes is distinct from old.attributes
    and pg_column_size(new.attributes || '{}') > 262144
)
execute function badges_internal._refuse_large_attributes();
