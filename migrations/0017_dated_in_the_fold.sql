-- A statement of many rows dates what it decides itself.
-- depends: 0016_kept_where_asked

set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter type badges_internal.fold_result add attribute states badges_internal.condition_state[];
