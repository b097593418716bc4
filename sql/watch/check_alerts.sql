-- Raises what has become an alert, clears what is over, and gives how many alerts are open.
--
-- people_waiting: people of a rule set that the version applied over 10 minutes ago has not
-- reached; over once nobody waits. duplicate_stopped is over after a day, endpoint_dead once the
-- consumer is removed. Deletes delivery attempts older than p_keep_attempts, some 10,000 a call.
--
-- Writes: badges_internal.alerts, delivery_attempts, badges.award_events, the server's log.
-- Raises: 22023 for a span that means nothing.
create or replace function badges.check_alerts(p_keep_attempts interval default '30 days')
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := clock_timestamp();
begin
    perform badges_internal._require_span('p_keep_attempts', p_keep_attempts, '100 years');
    perform badges.raise_alert(
        'people_waiting', waiting.rule_set, jsonb_build_object('people', waiting.people)
    )
    from badges.list_unfinished_rule_sets() as waiting
    join badges.rule_sets as applied
        on applied.rule_set = waiting.rule_set
        and applied.version = waiting.version
    where applied.applied_at < v_now - interval '10 minutes'
    and waiting.people > 0;
    perform badges.clear_alert(held.alert, held.subject)
    from badges_internal.alerts as held
    where held.cleared_at is null
    and (
        held.alert = 'people_waiting'
        and not exists (
            select
            from badges.list_unfinished_rule_sets() as waiting
            where waiting.rule_set = held.subject
            and waiting.people > 0
        )
        or held.alert = 'endpoint_dead'
        and not exists (
            select
            from badges_internal.event_consumers as consumer
            where consumer.consumer = held.subject
        )
        or held.alert = 'duplicate_stopped'
        and held.raised_at < v_now - interval '1 day'
    );
    delete from badges_internal.delivery_attempts as tried
    using (
        select old.peer_mentor_id, old.consumer, old.event_id, old.attempted_at
        from badges_internal.delivery_attempts as old
        where old.attempted_at < v_now - p_keep_attempts
        order by old.attempted_at
        limit 10000
        for update skip locked
    ) as old
    where tried.peer_mentor_id = old.peer_mentor_id
    and tried.consumer = old.consumer
    and tried.event_id = old.event_id
    and tried.attempted_at = old.attempted_at;
    return (
        select count(*) from badges_internal.alerts as held where held.cleared_at is null
    );
end;
$$;

comment on function badges.check_alerts(interval) is
'Raises what has become an alert, clears what is over, and gives how many alerts are open.';
