-- Days, runs and distinct counts take room only in the rows that some rule asks them of.
-- depends: 0015_fallen_stats

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- squawk-ignore-file ban-drop-not-null, ban-drop-default

alter table badges.peer_mentor_stats
    alter column active_days drop not null, alter column active_days drop default,
    alter column distinct_count drop not null, alter column distinct_count drop default,
    alter column day_run drop not null, alter column day_run drop default,
    alter column week_run drop not null, alter column week_run drop default,
    alter column month_run drop not null, alter column month_run drop default,
    alter column longest_day_run drop not null, alter column longest_day_run drop default,
    alter column longest_week_run drop not null, alter column longest_week_run drop default,
    alter column longest_month_run drop not null, alter column longest_month_run drop default;
