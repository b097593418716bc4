-- Tells whether what this transaction counted from the table may have had an activity in it.
--
-- It has where a statement ran inside the one that brings the activity, or beside it (the update
-- half of an upsert). p_counted_upto: of the base row. Of a number that is not from the table's own
-- sequence nothing is known: then it may.
create or replace function badges_internal._is_touched(p_activity_id bigint, p_counted_upto bigint)
returns boolean
language sql
volatile
return p_activity_id <= p_counted_upto or p_activity_id > badges_internal._last_activity_id();

comment on function badges_internal._is_touched(bigint, bigint) is
'Tells whether what this transaction counted from the table may have had an activity in it.';
