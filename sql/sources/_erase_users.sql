-- Erases people one after the other, in the order of their keys.
--
-- Writes: as _erase_person.
create or replace function badges_internal._erase_users(p_people uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_person uuid;
begin
    for v_person in
        select given.person from unnest(p_people) as given (person) order by given.person
    loop
        perform badges_internal._erase_person(v_person, null);
    end loop;
end;
$$;

comment on function badges_internal._erase_users(uuid[]) is
'Erases people one after the other, in the order of their keys.';
