-- Gives how long a hundred activities of a row take, or so.
create or replace function badges_internal._nearby(p_held badges.peer_mentor_stats)
returns interval
language sql
immutable
parallel safe
return (p_held.last_at - p_held.first_at) * (100.0 / p_held.activity_count);

comment on function badges_internal._nearby(badges.peer_mentor_stats) is
'Gives how long a hundred activities of a row take, or so.';
