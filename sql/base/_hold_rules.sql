-- Keeps the rules as they are until the transaction ends: no apply commits beside it.
--
-- Whatever evaluates takes it before it reads a rule, so that one statement never sees two
-- versions. Shared: holders do not wait for each other.
create or replace function badges_internal._hold_rules()
returns void
language sql
volatile
return pg_advisory_xact_lock_shared(hashtextextended('badges_internal.rules', 0));

comment on function badges_internal._hold_rules() is
'Keeps the rules as they are until the transaction ends: no apply commits beside it.';
