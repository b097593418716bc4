-- Gives how long so many activities of a row take, or so.
create or replace function badges_internal._nearby(
    p_held badges.peer_mentor_stats,
    p_number numeric
)
returns interval
language sql
immutable
parallel safe
return (p_held.last_at - p_held.first_at) * (p_number / p_held.activity_count);

comment on function badges_internal._nearby(badges.peer_mentor_stats, numeric) is
'Gives how long so many activities of a row take, or so.';
