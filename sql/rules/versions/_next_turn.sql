-- Tells how long an apply may stand in the queue now, with inserts behind it.
--
-- In milliseconds, 0 = not now. p_turns: how many turns it has had; p_waited, p_queued: how long it
-- has waited, and how long of that in the queue. Turns grow, since transactions that overlap all
-- end only in a longer one. They take a twelfth of the time at most, so that writers keep their
-- rate.
create or replace function badges_internal._next_turn(
    p_turns integer,
    p_waited integer,
    p_queued integer
)
returns integer
language sql
immutable
return (
    select case when turn.length <= 50 + p_waited / 12 - p_queued then turn.length else 0 end
    from (select least(1000, 50 * 2 ^ least(p_turns, 5))::integer as length) as turn
);

comment on function badges_internal._next_turn(integer, integer, integer) is
'Tells how long an apply may stand in the queue now, with inserts behind it.';
