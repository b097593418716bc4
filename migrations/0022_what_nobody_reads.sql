-- A column and a type that nobody reads.
-- depends: 0018_measured_ahead

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- squawk-ignore ban-drop-column
alter table badges_internal.stat_changes drop column first_version;

-- squawk-ignore ban-drop-function
drop function if exists badges_internal._verify_dated_stats(badges_internal.verified_scope);
-- squawk-ignore ban-drop-type
drop type badges_internal.verified_part;
