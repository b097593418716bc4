-- Gives those of the activity types that nobody ever recorded; none while nothing was recorded.
--
-- Asks the snapshot's rows a type, never the activities. A type that is recorded is found within
-- the first pages; only when one is missing is the snapshot read to its end, and then once.
create or replace function badges_internal._unrecorded_types(p_types text[])
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_missing text[] := array(select distinct '=' || each from unnest(p_types) as each);
    v_found text;
begin
    if not exists (select from badges.peer_mentor_stats) then
        return '{}';
    end if;
    while v_missing <> '{}' loop
        select held.stat
        into v_found
        from badges.peer_mentor_stats as held
        where held.stat = any (v_missing)
        and held.activity_count > 0
        limit 1;
        exit when v_found is null;
        v_missing := array_remove(v_missing, v_found);
    end loop;
    return array(select substr(each, 2) from unnest(v_missing) as each);
end;
$$;

comment on function badges_internal._unrecorded_types(text[]) is
'Gives those of the activity types that nobody ever recorded; none while nothing was recorded.';
