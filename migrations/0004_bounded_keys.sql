-- An idempotency key fits its index, whatever it is made of.
-- depends: 0003_gate_and_touch

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Longer keys were taken where they could be compressed: those stay, and are not looked at.
alter table badges.activities
    add constraint idempotency_key_has_at_most_2000_bytes
        check (octet_length(idempotency_key) <= 2000) not valid;
