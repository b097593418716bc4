-- Gives the highest activity_id that any session has been given.
create or replace function badges_internal._last_activity_id()
returns bigint
language sql
volatile
return (select numbered.last_value from badges.activities_activity_id_seq as numbered);
