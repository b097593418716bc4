-- A statement of many rows dates what it decides itself.
-- depends: 0014_fuller_pages

set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter type badges_internal.fold_result add attribute states badges_internal.condition_state[];
