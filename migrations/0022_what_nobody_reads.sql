-- A type that nobody reads.
-- depends: 0019_late_days

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- squawk-ignore ban-drop-function
drop function if exists badges_internal._verify_dated_stats(badges_internal.verified_scope);
-- squawk-ignore ban-drop-type
drop type badges_internal.verified_part;
