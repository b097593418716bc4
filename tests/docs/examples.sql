-- The examples of docs/sql.md: a routine's name, then statements. They run in this order in one
-- database, each committed; the page shows what the last statement gives.

-- validate_criteria
select badges.validate_criteria('{"type": "streak", "unit": "weeks", "lenght": 4}');

-- plan_rule_set
select badges.plan_rule_set('{
    "version": 1, "ruleset": "club",
    "organizations": {"nhf": {"time_zone": "Europe/Oslo"}},
    "badges": {"first_call": {
        "name": "First call", "criteria": {"type": "threshold", "activity": "call", "at_least": 1}
    }}
}');

-- apply_rule_set
select badges.apply_rule_set('{
    "version": 1, "ruleset": "club",
    "organizations": {"nhf": {"time_zone": "Europe/Oslo"}},
    "badges": {
        "first_call": {
            "name": {"en": "First call", "nb": "Første samtale"},
            "criteria": {"type": "threshold", "activity": "call", "at_least": 1}
        },
        "caller": {
            "name": "Caller",
            "criteria": {"type": "tier", "activity": "call", "tiers": [
                {"tier": "bronze", "at_least": 3}, {"tier": "silver", "at_least": 10}
            ]}
        },
        "half_a_year": {"name": "Half a year", "criteria": {"type": "tenure", "months": 6}}
    }
}');

-- list_rule_sets
select rule_set, version, checksum, applied_at, origin, is_current from badges.list_rule_sets();

-- get_rule_set
select badges.get_rule_set('club', 1);

-- record_activity
select badges.record_activity(
    p_peer_mentor_id => 'a3f1c6de-0000-4000-8000-000000000001', p_org_id => 'nhf',
    p_activity_type => 'call', p_occurred_at => '2025-03-02 18:30+01', p_quantity => 25,
    p_attributes => '{"kind": "evening"}', p_idempotency_key => 'call-1'
);

-- record_activities
select badges.record_activities('[
    {"peer_mentor_id": "a3f1c6de-0000-4000-8000-000000000001", "org_id": "nhf",
     "activity_type": "call", "occurred_at": "2025-03-04 18:00+01"},
    {"peer_mentor_id": "a3f1c6de-0000-4000-8000-000000000001", "org_id": "nhf",
     "activity_type": "call", "occurred_at": "2025-03-05 18:00+01"},
    {"peer_mentor_id": "a3f1c6de-0000-4000-8000-000000000001", "org_id": "nhf",
     "activity_type": "call", "occurred_at": "2025-03-02 18:30+01", "quantity": 25,
     "attributes": {"kind": "evening"}, "idempotency_key": "call-1"}
]');

-- new_badges
begin;
insert into badges.activities (peer_mentor_id, org_id, activity_type, occurred_at)
values
    ('a3f1c6de-0000-4000-8000-000000000002', 'nhf', 'call', '2025-03-06 10:00+01'),
    ('a3f1c6de-0000-4000-8000-000000000002', 'nhf', 'call', '2025-03-07 10:00+01');
select * from badges.new_badges();
commit;

-- award_due_badges
select badges.award_due_badges('2025-09-30 00:00+02');

-- get_badge_progress
select * from badges.get_badge_progress(
    'a3f1c6de-0000-4000-8000-000000000001', 'nhf', '2025-03-08', 'nb'
);

-- list_progress
select org_id, peer_mentor_id, badge_definition_id, tier, stat, measure, current, target, earned_at
from badges.list_progress('nhf', '2025-03-08')
order by peer_mentor_id, badge_definition_id, tier
limit 2;

-- explain_badge
select badges.explain_badge(
    'a3f1c6de-0000-4000-8000-000000000002', 'caller', 'nhf', '2025-03-08'
);

-- unseen_awards
select * from badges.unseen_awards('a3f1c6de-0000-4000-8000-000000000002', 'nhf');

-- my_badges
set request.jwt.claims = '{"sub": "a3f1c6de-0000-4000-8000-000000000002"}';
select * from badges.my_badges();

-- my_progress
set request.jwt.claims = '{"sub": "a3f1c6de-0000-4000-8000-000000000002"}';
select * from badges.my_progress('nhf', '2025-03-08');

-- explain_my_badge
set request.jwt.claims = '{"sub": "a3f1c6de-0000-4000-8000-000000000002"}';
select badges.explain_my_badge('caller', p_as_of => '2025-03-08') -> 'conditions';

-- my_unseen_awards
set request.jwt.claims = '{"sub": "a3f1c6de-0000-4000-8000-000000000002"}';
select * from badges.my_unseen_awards();

-- mark_my_seen
set request.jwt.claims = '{"sub": "a3f1c6de-0000-4000-8000-000000000002"}';
select badges.mark_my_seen('nhf', '{}');

-- record_my_activity
select badges.set_setting('own_activities', '["quiz"]');
set request.jwt.claims = '{"sub": "a3f1c6de-0000-4000-8000-000000000002"}';
select badges.record_my_activity('nhf', 'quiz', '{"course": "first aid"}', 'quiz-7');

-- mark_seen
select badges.mark_seen('a3f1c6de-0000-4000-8000-000000000002', 'nhf');

-- count_awards
select * from badges.count_awards('nhf');

-- list_mentors
select * from badges.list_mentors('nhf', p_sort => 'activities', p_limit => 1);

-- list_badges
select * from badges.list_badges('nhf');

-- list_holders
select * from badges.list_holders('caller', 'nhf', p_since => '2025-03-01');

-- list_near_mentors
select * from badges.list_near_mentors('caller', 'nhf', p_near => 0.5);

-- register_consumer
select badges.register_consumer('mailer', p_event_types => '{awarded,restored}');

-- claim_events
select * from badges.claim_events('mailer', p_limit => 1, p_lease => '5 minutes');

-- settle_events
select badges.settle_events('mailer', '{1}', 'dead', p_error => 'mailbox gone', p_status => 550);

-- list_dead_events
select * from badges.list_dead_events('mailer');

-- replay_events
select badges.replay_events('mailer', '{1}');

-- disable_consumer
select badges.disable_consumer('mailer', 'the mail server moves');

-- list_consumers
select * from badges.list_consumers();

-- enable_consumer
select badges.enable_consumer('mailer');

-- remove_consumer
select badges.remove_consumer('mailer');

-- purge_events
select badges.purge_events('2026-01-01 00:00+01');

-- raise_alert
select badges.raise_alert('drift_found', 'nightly', '{"differences": 3}');

-- clear_alert
select badges.clear_alert('drift_found', 'nightly');

-- check_alerts
select badges.check_alerts(p_keep_attempts => '7 days');

-- deny_badge
select badges.deny_badge(
    'a3f1c6de-0000-4000-8000-000000000002', 'first_call', 'nhf', 'a test account'
);

-- allow_badge
select badges.allow_badge(
    'a3f1c6de-0000-4000-8000-000000000002', 'first_call', 'nhf', 'a person after all'
);

-- award_badge
select badges.award_badge(
    'a3f1c6de-0000-4000-8000-000000000002', 'caller', 'nhf', 'ten calls on paper', 'silver'
);

-- revoke_badge
select badges.revoke_badge(
    'a3f1c6de-0000-4000-8000-000000000002', 'caller', 'nhf', 'counted twice', 'silver'
);

-- mentor_id_from
select badges.mentor_id_from('app', '17');

-- find_mentor
select badges.find_mentor('app', '17') = badges.mentor_id_from('app', '17') as is_not_merged;

-- remember_mentors
select badges.remember_mentors('app', '{17,18}');

-- list_namespaces
select * from badges.list_namespaces();

-- name_mentors
select * from badges.name_mentors(array[
    badges.mentor_id_from('app', '17'), 'a3f1c6de-0000-4000-8000-000000000001'
]);

-- adopt_awards
select badges.adopt_awards(
    p_peer_mentor_ids => array[badges.mentor_id_from('app', '17')],
    p_badge_definition_ids => '{caller}', p_org_ids => '{nhf}',
    p_earned_at => '{2024-05-01 10:00+02}', p_tiers => '{bronze}'
);

-- derive_idempotency_key
select badges.derive_idempotency_key(
    'a3f1c6de-0000-4000-8000-000000000001', 'caller', 'nhf', 'bronze'
);

-- calibrate_badge
select badges.calibrate_badge(
    'caller', 'nhf', p_share => 0.4, p_as_of => '2025-03-31', p_then => '2025-03-04'
);

-- configure_badge
select badges.configure_badge('caller', 'nhf', true, '{"bronze": 2}');

-- evaluate_badges
select * from badges.evaluate_badges('a3f1c6de-0000-4000-8000-000000000002', 'nhf');

-- list_unfinished_rule_sets
select * from badges.list_unfinished_rule_sets();

-- measure_rule_set
select badges.measure_rule_set('club');

-- backfill_rule_set
select badges.backfill_rule_set('club', 1000);

-- rule_set_horizon
select badges.rule_set_horizon() >= pg_snapshot_xmax(pg_current_snapshot());

-- rule_set_is_settled
select badges.rule_set_is_settled('club', badges.rule_set_horizon());

-- diff_rule_sets
select badges.diff_rule_sets(badges.get_rule_set('club', 1), badges.get_rule_set('club', 2));

-- plan_rollback
select badges.plan_rollback('club', 1);

-- rollback_rule_set
select badges.rollback_rule_set('club', 1);

-- rezone_organization
select badges.rezone_organization('nhf', 'Europe/Helsinki');

-- rebuild_stats
select badges.rebuild_stats('a3f1c6de-0000-4000-8000-000000000001');

-- verify_stats
select * from badges.verify_stats('a3f1c6de-0000-4000-8000-000000000001');

-- verify_awards
delete from badges.earned_badges where badge_definition_id = 'caller';
select * from badges.verify_awards('a3f1c6de-0000-4000-8000-000000000001');

-- apply_badge_rules
select badges.apply_badge_rules(array[
    ('a3f1c6de-0000-4000-8000-000000000001', 'nhf', 'caller', null, null)::badges_internal.candidate
]);

-- record_verification
select badges.record_verification(0, 0, 1200, 'all');

-- list_metrics
select metric, labels, value from badges.list_metrics()
where metric in ('verify_differences', 'verify_duration_seconds');

-- plan_source
create table public.quiz_results (
    id bigint primary key, user_id uuid, finished_at timestamptz, score integer
);
insert into public.quiz_results
values (1, 'a3f1c6de-0000-4000-8000-000000000001', '2025-06-01 12:00+02', 7);
select left(badges.plan_source('quiz', '{
    "table": "public.quiz_results", "person": "user_id", "organization": "nhf", "type": "quiz",
    "at": "finished_at", "quantity": "score"
}'), 79) as plan;

-- attach_source
select badges.attach_source('quiz', '{
    "table": "public.quiz_results", "person": "user_id", "organization": "nhf", "type": "quiz",
    "at": "finished_at", "quantity": "score"
}') -> 'changed' as changed;

-- bring_in_source
select badges.bring_in_source('quiz', 1000);

-- list_sources
select source, source_table, state, brought_in, set_aside, problem from badges.list_sources();

-- list_set_aside
insert into public.quiz_results
values (2, 'a3f1c6de-0000-4000-8000-000000000001', now() + interval '1 year', 9);
select source_key, org_id, reason from badges.list_set_aside('quiz');

-- repair_source
update public.quiz_results set finished_at = '2025-06-02 12:00+02' where id = 2;
select badges.repair_source('quiz');

-- verify_source
update badges.activities set quantity = 70 where idempotency_key = '@quiz:1';
select * from badges.verify_source('quiz');

-- detach_source
select badges.detach_source('quiz', true);

-- remove_source_activities
select badges.remove_source_activities('quiz', 1000);

-- set_setting
select badges.set_setting('notify_events', 'false');

-- plan_merge
select badges.record_activity(
    'a3f1c6de-0000-4000-8000-000000000003', 'nhf', 'call', '2025-03-02 18:30+01',
    p_idempotency_key => 'call-1'
);
select badges.plan_merge(
    'a3f1c6de-0000-4000-8000-000000000003', 'a3f1c6de-0000-4000-8000-000000000001'
);

-- merge_peer_mentors
select badges.merge_peer_mentors(
    'a3f1c6de-0000-4000-8000-000000000003', 'a3f1c6de-0000-4000-8000-000000000001'
) -> 'changed';

-- export_person
select badges.export_person('a3f1c6de-0000-4000-8000-000000000003');

-- erase_peer_mentor
select badges.erase_peer_mentor('a3f1c6de-0000-4000-8000-000000000001');
