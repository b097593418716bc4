-- Tells whether a person has so few activities that to read all is cheaper than to count them back.
--
-- p_count: of the person's activities.
create or replace function badges_internal._is_read_whole(p_count bigint)
returns boolean
language sql
immutable
parallel safe
return p_count <= 200;

comment on function badges_internal._is_read_whole(bigint) is
'Tells whether a person has so few activities that to read all is cheaper than to count them back.';
