-- Refuses attributes of more than 256 kB, which every rule would have to read.
--
-- A trigger, not a check: rows from before may stay, and change in everything else. What counts is
-- the size of the binary form: the text of 1e100000 is longer than all else may be. To concatenate
-- nothing undoes compression.
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
    raise exception 'attributes are larger than 262144 bytes'
    using
        errcode = '23514',
        table = 'activities',
        column = 'attributes',
        constraint = 'attributes_are_at_most_256_kb',
        hint = 'Keep in attributes what rules look at, and the rest in a table of your own.';
end;
$$;

comment on function badges_internal._refuse_large_attributes() is
'Refuses attributes of more than 256 kB, which every rule would have to read.';

create or replace trigger refuse_large_attributes
before insert on badges.activities
for each row
-- Nothing compresses to less than a 255th: most are told by a look at what lies there.
when (
    pg_column_size(new.attributes) > 1000
    and pg_column_size(new.attributes || '{}') > 262144
)
execute function badges_internal._refuse_large_attributes();

create or replace trigger refuse_large_changed_attributes
before update of attributes on badges.activities
for each row
when (
    new.attributes is distinct from old.attributes
    and pg_column_size(new.attributes || '{}') > 262144
)
execute function badges_internal._refuse_large_attributes();
