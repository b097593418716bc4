set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table badges.earned_badges drop column seen_at;
drop table badges_internal.verifications;
drop table badges_internal.alerts;
drop table badges_internal.delivery_attempts;
drop table badges_internal.event_progress;
drop table badges_internal.event_queue;
drop table badges_internal.event_consumers;
drop type badges_internal.queued_event;
