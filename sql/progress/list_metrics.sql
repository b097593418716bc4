-- Lists what a monitor asks: a row a metric and labels, with its type and what it means.
--
-- Names are those of OpenMetrics without the prefix pgmerit_; ages and moments are in seconds.
-- Labels are organizations, badges, rule sets, consumers and kinds, never people. The cost follows
-- what waits, not what is kept; but p_with_awards counts the awards held by organization, badge and
-- tier, which reads every award.
create or replace function badges.list_metrics(p_with_awards boolean default false)
returns table (
    metric text,
    type text,
    help text,
    labels jsonb,
    value double precision
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select known.metric, known.type, known.help, measured.labels, measured.value
    from (
        values
        (1, 'schema_info', 'gauge', 'The newest migration; always 1.'),
        (2, 'activities', 'gauge', 'Activities, as the server estimates.'),
        (3, 'awards', 'gauge', 'Awards with those taken back, as the server estimates.'),
        (4, 'awards_held', 'gauge', 'Awards that stand, counted.'),
        (5, 'events_total', 'counter', 'Events numbered so far, with those rolled back.'),
        (6, 'events_pending', 'gauge', 'Events that wait for a consumer.'),
        (7, 'events_leased', 'gauge', 'Events that a worker of the consumer has.'),
        (8, 'events_dead', 'gauge', 'Events that were given up: dead letters.'),
        (9, 'events_oldest_pending_age_seconds', 'gauge', 'Age of the oldest event not settled.'),
        (10, 'consumer_last_done_timestamp_seconds', 'gauge', 'When an event was last settled.'),
        (11, 'consumer_disabled', 'gauge', '1 where the consumer is disabled: its endpoint died.'),
        (12, 'rule_set_version', 'gauge', 'The current version.'),
        (13, 'people_waiting', 'gauge', 'People whom the current version has not reached.'),
        (14, 'people_due', 'gauge', 'People for whom no sweep has done what time did.'),
        (15, 'people_oldest_due_age_seconds', 'gauge', 'How long the first of them has been due.'),
        (16, 'verify_timestamp_seconds', 'gauge', 'When verify last ended.'),
        (17, 'verify_differences', 'gauge', 'Differences that verify last found.'),
        (18, 'verify_people_waiting', 'gauge', 'People who waited when verify last looked.'),
        (19, 'verify_duration_seconds', 'gauge', 'How long verify last took.'),
        (20, 'alerts_open', 'gauge', 'Alerts that were raised and are not over.')
    ) as known (position, metric, type, help)
    join badges_internal._metric_values(coalesce(p_with_awards, false)) as measured
        on measured.metric = known.metric
    order by known.position, measured.labels;
end;
$$;

comment on function badges.list_metrics(boolean) is
'Lists what a monitor asks: a row a metric and labels, with its type and what it means.';
