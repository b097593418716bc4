-- Gives the number that the server's cluster has had since it was made.
create or replace function badges_internal._cluster_identifier()
returns bigint
language sql
stable
return (select control.system_identifier from pg_control_system() as control);

comment on function badges_internal._cluster_identifier() is
'Gives the number that the server''s cluster has had since it was made.';
