-- Gives the role that the session acts as: the one it was set to, else the one that logged in.
--
-- For routines that run as their owner, to whom current_user is the owner.
create or replace function badges_internal._acting_role()
returns name
language sql
stable
return coalesce(nullif(current_setting('role'), 'none'), session_user)::name;

comment on function badges_internal._acting_role() is
'Gives the role that the session acts as: the one it was set to, else the one that logged in.';
