-- Gives the transaction id that no transaction begun before now can reach.
--
-- Read it after the commit of an apply: once every transaction below it has ended, nobody writes
-- by the older version any more.
create or replace function badges.rule_set_horizon()
returns xid8
language sql
volatile
return pg_snapshot_xmax(pg_current_snapshot());

comment on function badges.rule_set_horizon() is
'Gives the transaction id that no transaction begun before now can reach.';
