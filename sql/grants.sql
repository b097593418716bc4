-- Who may call and read what. Nothing is open to PUBLIC.
--
-- pgmerit_reader reads; pgmerit_writer is the application: it also records; pgmerit_admin also
-- applies rule sets, awards by hand, verifies and repairs; pgmerit_relay takes events, tells what
-- became of them, and reads no table. The roles are made where the loading
-- role may make roles; else an administrator makes them and loads again.
revoke all on schema badges, badges_internal from public;
revoke all on all tables in schema badges, badges_internal from public;
revoke all on all sequences in schema badges, badges_internal from public;
revoke all on all routines in schema badges, badges_internal from public;

do $grants$
declare
    v_role text;
begin
    foreach v_role in array array[
        'pgmerit_reader', 'pgmerit_writer', 'pgmerit_admin', 'pgmerit_relay'
    ] loop
        if not exists (select from pg_catalog.pg_roles as held where held.rolname = v_role) then
            begin
                execute format('create role %I nologin', v_role);
            exception
                -- Another database of the cluster is being loaded at this moment.
                when duplicate_object or unique_violation then null;
                when insufficient_privilege then
                    raise notice 'role % does not exist and may not be made: nothing granted to it',
                        v_role;
            end;
        end if;
        continue when not exists (
            select from pg_catalog.pg_roles as held where held.rolname = v_role
        );
        -- What an earlier version granted goes first.
        execute format('revoke all on schema badges, badges_internal from %I', v_role);
        execute format(
            'revoke all on all tables in schema badges, badges_internal from %I', v_role
        );
        execute format(
            'revoke all on all sequences in schema badges, badges_internal from %I', v_role
        );
        execute format(
            'revoke all on all routines in schema badges, badges_internal from %I', v_role
        );
        execute format('grant usage on schema badges to %I', v_role);
        if v_role in ('pgmerit_relay', 'pgmerit_admin') then
            execute format(
                'grant execute on function
                    badges.register_consumer, badges.claim_events, badges.settle_events,
                    badges.replay_events, badges.list_consumers, badges.list_dead_events,
                    badges.disable_consumer, badges.enable_consumer, badges.raise_alert,
                    badges.clear_alert, badges.check_alerts to %I',
                v_role
            );
        end if;
        continue when v_role = 'pgmerit_relay';
        execute format(
            'grant select on badges.organizations, badges.badge_definitions,
                badges.org_badge_configs, badges.rule_sets, badges.activities,
                badges.peer_mentor_stats, badges.mentor_activity_totals, badges.earned_badges,
                badges.badge_denials, badges.award_events, badges.external_ids to %I',
            v_role
        );
        execute format(
            'grant execute on function
                badges.get_badge_progress, badges.explain_badge, badges.derive_idempotency_key,
                badges.mentor_id_from, badges.validate_criteria, badges.get_rule_set,
                badges.list_rule_sets, badges.diff_rule_sets, badges.new_badges,
                badges.unseen_awards, badges.list_metrics, badges.list_progress, badges.find_mentor,
                badges.count_awards, badges.name_mentors, badges.list_namespaces,
                badges.list_mentors, badges.list_badges, badges.list_holders,
                badges.list_near_mentors to %I',
            v_role
        );
        continue when v_role = 'pgmerit_reader';
        -- Not activity_id: a number that a writer chose would fail the insert that gets it next.
        execute format(
            'grant delete,
                insert (org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity,
                    attributes, idempotency_key),
                update (org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity,
                    attributes, idempotency_key)
            on badges.activities to %I',
            v_role
        );
        execute format(
            'grant execute on function
                badges.record_activity, badges.record_activities, badges.evaluate_badges,
                badges.mark_seen, badges.remember_mentors to %I',
            v_role
        );
        continue when v_role = 'pgmerit_writer';
        execute format(
            'grant execute on function
                badges.award_due_badges, badges.rezone_organization,
                badges.apply_rule_set, badges.plan_rule_set, badges.plan_rollback,
                badges.rollback_rule_set, badges.configure_badge, badges.backfill_rule_set,
                badges.measure_rule_set, badges.calibrate_badge,
                badges.rule_set_horizon, badges.list_unfinished_rule_sets,
                badges.rule_set_is_settled, badges.adopt_awards, badges.award_badge,
                badges.revoke_badge, badges.deny_badge, badges.allow_badge,
                badges.rebuild_stats, badges.verify_stats, badges.verify_awards,
                badges.set_setting, badges.remove_consumer,
                badges.purge_events, badges.record_verification to %I',
            v_role
        );
        -- What doctor and migrate --plan compare with the shipped files.
        execute format('grant usage on schema badges_internal to %I', v_role);
        execute format(
            'grant select on badges_internal.migration_files, badges_internal.loaded_files,
                badges_internal.loaded_objects, badges_internal.loaded_rights,
                badges_internal._yoyo_migration to %I',
            v_role
        );
    end loop;
end;
$grants$;
