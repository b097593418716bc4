-- The schemas stay: the account of what was applied may lie in one. Drop them when all is gone.
set local lock_timeout = '5s';
set local statement_timeout = '60s';
