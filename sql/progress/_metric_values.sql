-- Measures what list_metrics tells: a row a metric and labels, none where nothing can be said.
--
-- Counts of rows are the server's own estimates; p_with_awards adds exact counts of awards.
create or replace function badges_internal._metric_values(p_with_awards boolean)
returns table (metric text, labels jsonb, value double precision)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_now constant timestamptz := clock_timestamp();
begin
    return query
    select 'schema_info', jsonb_build_object('migration', max(file.migration_id)), 1.0::float8
    from badges_internal.migration_files as file
    union all
    select each.metric, '{}', kept.reltuples
    from (
        values
        ('activities', 'badges.activities'::regclass), ('awards', 'badges.earned_badges')
    ) as each (metric, relation)
    join pg_class as kept on kept.oid = each.relation
    where kept.reltuples >= 0
    union all
    select
        'awards_held',
        jsonb_build_object(
            'org_id', earned.org_id, 'badge_definition_id', earned.badge_definition_id,
            'tier', earned.tier
        ),
        count(*)
    from badges.earned_badges as earned
    where p_with_awards
    and earned.revoked_at is null
    group by earned.org_id, earned.badge_definition_id, earned.tier
    union all
    select 'events_total', '{}', badges_internal._last_event_number()
    union all
    select told.metric, jsonb_build_object('consumer', consumer.consumer), told.value
    from badges.list_consumers() as consumer
    cross join lateral (
        values
        ('events_pending', consumer.pending::float8),
        ('events_leased', consumer.leased::float8),
        ('events_dead', consumer.dead::float8),
        (
            'events_oldest_pending_age_seconds',
            greatest(0, extract(epoch from v_now - coalesce(consumer.oldest_pending_at, v_now)))
        ),
        ('consumer_last_done_timestamp_seconds', extract(epoch from consumer.last_done_at)),
        ('consumer_disabled', (consumer.disabled_at is not null)::integer)
    ) as told (metric, value)
    where told.value is not null
    union all
    select
        'rule_set_version', jsonb_build_object('rule_set', applied.rule_set), max(applied.version)
    from badges.rule_sets as applied
    group by applied.rule_set
    union all
    select
        'people_waiting', jsonb_build_object('rule_set', applied.rule_set),
        coalesce(max(unfinished.people), 0)
    from badges.rule_sets as applied
    left join badges.list_unfinished_rule_sets() as unfinished
        on unfinished.rule_set = applied.rule_set
    group by applied.rule_set
    union all
    select told.metric, '{}', told.value
    from (
        select count(*) as people, min(due.next_due_at) as first_due_at
        from badges_internal.due_people as due
        where due.next_due_at <= v_now
    ) as waiting
    cross join lateral (
        values
        ('people_due', waiting.people::float8),
        (
            'people_oldest_due_age_seconds',
            extract(epoch from v_now - coalesce(waiting.first_due_at, v_now))
        )
    ) as told (metric, value)
    union all
    select told.metric, jsonb_build_object('scope', verified.scope), told.value
    from (values ('all', true), ('part', false)) as verified (scope, is_all)
    cross join lateral (
        select verification.*
        from badges_internal.verifications as verification
        where (verification.scope = 'all') = verified.is_all
        order by verification.verification_id desc
        limit 1
    ) as last
    cross join lateral (
        values
        ('verify_timestamp_seconds', extract(epoch from last.verified_at)),
        ('verify_differences', last.differences),
        ('verify_people_waiting', last.people_waiting),
        ('verify_duration_seconds', last.milliseconds / 1000.0)
    ) as told (metric, value)
    union all
    select 'alerts_open', jsonb_build_object('alert', known.alert), count(held.alert)
    from unnest(array[
        'duplicate_stopped', 'drift_found', 'endpoint_dead', 'people_waiting'
    ]) as known (alert)
    left join badges_internal.alerts as held
        on held.alert = known.alert
        and held.cleared_at is null
    group by known.alert;
end;
$$;

comment on function badges_internal._metric_values(boolean) is
'Measures what list_metrics tells: a row a metric and labels, none where nothing can be said.';
