-- Refuses attributes of more than 64 kB, which every rule would have to read.
--
-- A trigger, not a check: rows from before may stay, and change in everything else.
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
    raise exception 'attributes are larger than 65536 bytes'
    using
        errcode = '23514',
        table = 'activities',
        column = 'attributes',
        constraint = 'attributes_are_at_most_64_kb',
        hint = 'Keep in attributes what rules look at, and the rest in a table of your own.';
end;
$$;

comment on function badges_internal._refuse_large_attributes() is
'Refuses attributes of more than 64 kB, which every rule would have to read.';

create or replace trigger refuse_large_attributes
before insert on badges.activities
for each row
when (octet_length(new.attributes::text) > 65536)
execute function badges_internal._refuse_large_attributes();

create or replace trigger refuse_large_changed_attributes
before update of attributes on badges.activities
for each row
when (
    new.attributes is distinct from old.attributes
    and octet_length(new.attributes::text) > 65536
)
execute function badges_internal._refuse_large_attributes();
