-- Empties the snapshot when the activities are truncated.
--
-- Awards stay.
--
-- Writes: badges.peer_mentor_stats, badges_internal.stat_elements, badges_internal.due_people.
create or replace function badges_internal._forget_all_activities()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    delete from badges_internal.stat_elements;
    delete from badges.peer_mentor_stats;
    delete from badges_internal.due_people;
    return null;
end;
$$;

comment on function badges_internal._forget_all_activities() is
'Empties the snapshot when the activities are truncated.';

create or replace trigger forget_all_activities
after truncate on badges.activities
for each statement execute function badges_internal._forget_all_activities();
