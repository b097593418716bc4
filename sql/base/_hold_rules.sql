-- Keeps the rules as they are until the transaction ends: no apply commits beside it.
--
-- Whatever evaluates takes it before it reads a rule, so that one statement never sees two
-- versions. Holders do not wait for each other.
--
-- Locks: badges_internal.rule_gate in ROW SHARE mode. The table is empty: no row is locked.
create or replace function badges_internal._hold_rules()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform from badges_internal.rule_gate for key share;
end;
$$;

comment on function badges_internal._hold_rules() is
'Keeps the rules as they are until the transaction ends: no apply commits beside it.';
