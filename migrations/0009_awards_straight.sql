-- What an activity decides alone is awarded at once, and an award costs less to write.
-- depends: 0006_outbox

set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter type badges_internal.short_result
    -- Lifetime rows that reached a threshold by what is newest in every respect.
    add attribute reached_stats text [];
