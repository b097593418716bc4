set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table badges.activities drop constraint idempotency_key_has_at_most_2000_bytes;
