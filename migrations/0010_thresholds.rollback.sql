set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter type badges_internal.fold_result drop attribute unit_changes;
alter table badges_internal.stat_definitions drop column thresholds;
drop type badges_internal.stat_thresholds;
drop type badges_internal.stat_values;
