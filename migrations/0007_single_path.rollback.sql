set local lock_timeout = '5s';
set local statement_timeout = '60s';

drop type badges_internal.begun_fold cascade;
drop type badges_internal.stat_reading cascade;
drop type badges_internal.counted_activity cascade;
create type badges_internal.short_result as (
    is_done boolean,
    is_in_order boolean,
    is_stale boolean,
    left_stats text[],
    candidates badges_internal.candidate[],
    late_days badges_internal.late_day[],
    late_people badges_internal.late_person[],
    previous_at timestamptz
);
alter table badges.peer_mentor_stats
    add constraint activity_count_is_not_negative check (activity_count >= 0),
    add constraint active_days_are_not_more_than_activities
        check (active_days between 0 and activity_count),
    add constraint distinct_count_is_not_negative check (distinct_count >= 0);
