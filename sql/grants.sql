-- Who may call and read what, and which rows. Nothing is open to PUBLIC.
--
-- pgmerit_reader reads; pgmerit_writer is the application: it also records; pgmerit_admin also
-- applies rule sets, awards by hand, verifies and repairs; pgmerit_relay takes events, tells what
-- became of them, and reads no table; pgmerit_person is whoever holds a token, and sees own rows,
-- or those of the organizations that the token administers. The roles are made where the loading
-- role may make roles; else an administrator makes them and loads again.
revoke all on schema badges, badges_internal, badges_sources from public;
revoke all on all tables in schema badges, badges_internal from public;
revoke all on all sequences in schema badges, badges_internal from public;
revoke all on all routines in schema badges, badges_internal from public;

do $grants$
declare
    v_role text;
begin
    foreach v_role in array array[
        'pgmerit_reader', 'pgmerit_writer', 'pgmerit_admin', 'pgmerit_relay', 'pgmerit_person'
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
        if v_role = 'pgmerit_person' then
            -- Every one of them asks the session who may see what, or is asked by a policy.
            execute format(
                'grant execute on function
                    badges.my_badges, badges.my_progress, badges.explain_my_badge,
                    badges.my_unseen_awards, badges.mark_my_seen, badges.record_my_activity,
                    badges.get_badge_progress, badges.explain_badge, badges.unseen_awards,
                    badges.list_progress, badges.list_mentors, badges.list_badges,
                    badges.list_holders, badges.list_near_mentors, badges.configure_badge,
                    badges.export_person, badges.erase_peer_mentor, badges.merge_peer_mentors,
                    badges.plan_merge,
                    badges_internal._session_person, badges_internal._own_organizations,
                    badges_internal._administered_organizations, badges_internal._visible_people,
                    badges_internal._visible_badges to %I',
                v_role
            );
            -- Not what others noted of a person: who decided, and why.
            execute format(
                'grant select on badges.organizations, badges.badge_definitions,
                    badges.org_badge_configs, badges.activities, badges.peer_mentor_stats,
                    badges.mentor_activity_totals, badges.external_ids to %I',
                v_role
            );
            execute format(
                'grant select (peer_mentor_id, badge_definition_id, org_id, tier, occurrence,
                    earned_at, granted_at, activity_id, threshold, threshold_source, rule_set,
                    rule_set_version, idempotency_key, source, revoked_at, revoked_by, seen_at)
                on badges.earned_badges to %I',
                v_role
            );
            execute format(
                'grant select (peer_mentor_id, badge_definition_id, org_id, tier, denied_at)
                on badges.badge_denials to %I',
                v_role
            );
            execute format(
                'grant select (event_id, peer_mentor_id, org_id, badge_definition_id, tier,
                    occurrence, event_type, source, created_at)
                on badges.award_events to %I',
                v_role
            );
            continue;
        end if;
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
                badges.purge_events, badges.record_verification, badges.export_person,
                badges.erase_peer_mentor, badges.plan_merge, badges.merge_peer_mentors,
                badges.plan_source, badges.attach_source, badges.detach_source,
                badges.remove_source_activities, badges.bring_in_source, badges.repair_source,
                badges.verify_source, badges.list_sources, badges.list_set_aside to %I',
            v_role
        );
        -- What doctor and migrate --plan compare with the shipped files.
        execute format('grant usage on schema badges_internal to %I', v_role);
        execute format(
            'grant select on badges_internal.migration_files, badges_internal.loaded_files,
                badges_internal.loaded_objects, badges_internal.loaded_rights,
                badges_internal._yoyo_migration, badges_internal.erasure_receipts to %I',
            v_role
        );
    end loop;
end;
$grants$;

do $policies$
declare
    v_readers constant text[] := array['pgmerit_reader', 'pgmerit_writer', 'pgmerit_admin'];
    v_persons constant text[] := array['pgmerit_person'];
    -- What the rows are compared with is known before them: once a statement, and by index.
    v_person constant text := '(select badges_internal._session_person())';
    v_own constant text := '((select badges_internal._own_organizations())::text[])';
    v_administered constant text :=
        '((select badges_internal._administered_organizations())::text[])';
    v_badges constant text :=
        'badge_definition_id = any ((select badges_internal._visible_badges())::text[])';
    v_organizations constant text :=
        format('(org_id = any (%s) or org_id = any (%s))', v_own, v_administered);
    v_people constant text := format(
        'peer_mentor_id = any ((select badges_internal._visible_people())::uuid[])
        and (
            (peer_mentor_id = %s and org_id = any (%s))
            or org_id = any (%s)
        )',
        v_person, v_own, v_administered
    );
    v_table record;
    v_other name;
begin
    for v_table in
        select
            held.oid::regclass as name,
            held.relname = 'activities' as is_written,
            case held.relname
                when 'activities' then v_people
                when 'award_events' then v_people
                when 'badge_definitions' then v_badges
                when 'badge_denials' then v_badges || ' and ' || v_people
                when 'earned_badges' then v_people
                when 'external_ids' then 'peer_mentor_id = ' || v_person
                when 'org_badge_configs' then v_badges || ' and ' || v_organizations
                when 'organizations' then v_organizations
                when 'peer_mentor_stats' then v_people
            end as own_rows,
            held.relrowsecurity and not held.relforcerowsecurity as is_apart
        from pg_catalog.pg_class as held
        where held.relnamespace = 'badges'::regnamespace
        and held.relkind in ('r', 'p')
        order by held.relname
    loop
        if not v_table.is_apart then
            execute format(
                'alter table %s enable row level security, no force row level security',
                v_table.name
            );
        end if;
        -- What was made by hand for these roles, or for everybody; a role of its own keeps its own.
        for v_other in
            select other.polname
            from pg_catalog.pg_policy as other
            where other.polrelid = v_table.name
            and other.polname <> all(array['services_read', 'services_write', 'own_rows'])
            and other.polroles && (
                select array_agg(held.oid) || 0::oid
                from pg_catalog.pg_roles as held
                where held.rolname = any(v_readers || v_persons)
            )
        loop
            execute format('drop policy %I on %s', v_other, v_table.name);
        end loop;
        perform badges_internal._keep_policy(
            v_table.name, 'services_read', 'select',
            case when v_table.is_written then v_readers[1:1] else v_readers end, 'true'
        );
        if v_table.is_written then
            perform badges_internal._keep_policy(
                v_table.name, 'services_write', 'all', v_readers[2:3], 'true'
            );
        end if;
        if v_table.own_rows is not null then
            perform badges_internal._keep_policy(
                v_table.name, 'own_rows', 'select', v_persons, v_table.own_rows
            );
        end if;
    end loop;
end;
$policies$;
