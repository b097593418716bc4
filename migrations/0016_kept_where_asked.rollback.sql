-- Runs that were not kept are 0 until badges.rebuild_stats() counts them.
set local lock_timeout = '5s';
set local statement_timeout = '600s';

update badges.peer_mentor_stats
set
    active_days = coalesce(active_days, 0),
    distinct_count = coalesce(distinct_count, 0),
    day_run = coalesce(day_run, 0),
    week_run = coalesce(week_run, 0),
    month_run = coalesce(month_run, 0),
    longest_day_run = coalesce(longest_day_run, 0),
    longest_week_run = coalesce(longest_week_run, 0),
    longest_month_run = coalesce(longest_month_run, 0)
where num_nulls(
    active_days, distinct_count, day_run, week_run, month_run, longest_day_run,
    longest_week_run, longest_month_run
) > 0;
alter table badges.peer_mentor_stats
    alter column active_days set default 0, alter column active_days set not null,
    alter column distinct_count set default 0, alter column distinct_count set not null,
    alter column day_run set default 0, alter column day_run set not null,
    alter column week_run set default 0, alter column week_run set not null,
    alter column month_run set default 0, alter column month_run set not null,
    alter column longest_day_run set default 0, alter column longest_day_run set not null,
    alter column longest_week_run set default 0, alter column longest_week_run set not null,
    alter column longest_month_run set default 0, alter column longest_month_run set not null;
