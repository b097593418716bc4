-- Gives the highest activity_id that any session has been given.
create or replace function badges_internal._last_activity_id()
returns bigint
language sql
volatile
return coalesce(
    pg_catalog.pg_sequence_last_value('badges.activities_activity_id_seq'::regclass), 1
);

comment on function badges_internal._last_activity_id() is
'Gives the highest activity_id that any session has been given.';
