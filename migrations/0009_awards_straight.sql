-- What an activity decides alone is awarded at once.
-- depends: 0008_late_activities

set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter type badges_internal.counted_activity
    -- Its rows reached something, it is the person's newest in every respect, and nothing else is
    -- to be done: what came true came true with it.
    add attribute is_newest boolean;
