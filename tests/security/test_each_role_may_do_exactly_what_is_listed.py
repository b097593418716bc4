"""The role by routine matrix: what sql/grants.sql gives, and nothing else to anybody."""

from __future__ import annotations

from pgmerit.database import Connection

from tests.engine import rows

READ = {
    "derive_idempotency_key(uuid,text,text,text,integer)",
    "diff_rule_sets(jsonb,jsonb)",
    "explain_badge(uuid,text,text,date,text)",
    "find_mentor(text,text)",
    "get_badge_progress(uuid,text,date,text)",
    "get_rule_set(text,integer)",
    "count_awards(text,text)",
    "list_badges(text,numeric,text)",
    "list_holders(text,text,text,date,text,integer,text,text)",
    "list_mentors(text,text,text,date,text,integer,text)",
    "list_metrics(boolean)",
    "list_namespaces()",
    "list_near_mentors(text,text,text,numeric,integer,text,text)",
    "list_progress(text,date,text,text)",
    "list_rule_sets()",
    "mentor_id_from(text,text)",
    "name_mentors(uuid[])",
    "new_badges()",
    "unseen_awards(uuid,text)",
    "validate_criteria(jsonb)",
}
WRITE = {
    "evaluate_badges(uuid,text)",
    "mark_seen(uuid,text,text[])",
    "record_activities(jsonb)",
    "record_activity(uuid,text,text,timestamp with time zone,numeric,jsonb,text,date)",
    "remember_mentors(text,text[])",
}
RELAY = {
    "check_alerts(interval)",
    "claim_events(text,integer,interval)",
    "clear_alert(text,text)",
    "disable_consumer(text,text)",
    "enable_consumer(text)",
    "list_consumers()",
    "list_dead_events(text)",
    "raise_alert(text,text,jsonb)",
    "register_consumer(text,text[],text[],text[],boolean,timestamp with time zone)",
    "replay_events(text,bigint[],timestamp with time zone)",
    "settle_events(text,bigint[],text,interval,integer,text,integer)",
}
ADMINISTER = {
    "adopt_awards(uuid[],text[],text[],timestamp with time zone[],text[],integer[])",
    "allow_badge(uuid,text,text,text,text)",
    "apply_rule_set(jsonb,boolean,boolean,integer)",
    "attach_source(text,jsonb)",
    "award_badge(uuid,text,text,text,text)",
    "award_due_badges(timestamp with time zone)",
    "backfill_rule_set(text,integer,timestamp with time zone,interval)",
    "bring_in_source(text,integer)",
    "calibrate_badge(text,text,numeric,text,date,date,jsonb,text)",
    "configure_badge(text,text,boolean,jsonb,boolean)",
    "deny_badge(uuid,text,text,text,text)",
    "detach_source(text,boolean)",
    "erase_peer_mentor(uuid,text)",
    "export_person(uuid,text)",
    "list_set_aside(text,integer)",
    "list_sources()",
    "list_unfinished_rule_sets(uuid)",
    "measure_rule_set(text)",
    "merge_peer_mentors(uuid,uuid,text)",
    "plan_merge(uuid,uuid,text)",
    "plan_rollback(text,integer)",
    "plan_rule_set(jsonb,timestamp with time zone)",
    "plan_source(text,jsonb)",
    "purge_events(timestamp with time zone)",
    "rebuild_stats(uuid)",
    "record_verification(bigint,bigint,bigint,text)",
    "remove_consumer(text)",
    "remove_source_activities(text,integer)",
    "repair_source(text,integer,boolean)",
    "rezone_organization(text,text,text,text)",
    "revoke_badge(uuid,text,text,text,text)",
    "rollback_rule_set(text,integer,boolean,integer)",
    "rule_set_horizon()",
    "rule_set_is_settled(text,xid8)",
    "set_setting(text,jsonb)",
    "verify_awards(uuid,uuid,uuid,double precision)",
    "verify_source(text)",
    "verify_stats(uuid,uuid,uuid,double precision)",
}
# Each of them asks the session whom it may show.
OWN = {
    "explain_my_badge(text,text,date,text)",
    "mark_my_seen(text,text[])",
    "my_badges(text,text)",
    "my_progress(text,date,text)",
    "my_unseen_awards(text)",
    "record_my_activity(text,text,jsonb,text)",
}
SHOWN_TO_TOKENS = {
    "configure_badge(text,text,boolean,jsonb,boolean)",
    "erase_peer_mentor(uuid,text)",
    "explain_badge(uuid,text,text,date,text)",
    "export_person(uuid,text)",
    "get_badge_progress(uuid,text,date,text)",
    "list_badges(text,numeric,text)",
    "list_holders(text,text,text,date,text,integer,text,text)",
    "list_mentors(text,text,text,date,text,integer,text)",
    "list_near_mentors(text,text,text,numeric,integer,text,text)",
    "list_progress(text,date,text,text)",
    "merge_peer_mentors(uuid,uuid,text)",
    "plan_merge(uuid,uuid,text)",
    "unseen_awards(uuid,text)",
}
# What policies ask, which run as who reads. Nobody reaches them by name.
ASKED_BY_POLICIES = {
    "badges_internal._administered_organizations()",
    "badges_internal._own_organizations()",
    "badges_internal._session_person()",
    "badges_internal._visible_badges()",
    "badges_internal._visible_people()",
}
OWNER_ONLY = {"apply_badge_rules(badges_internal.candidate[],text)"}
ROUTINES = {
    "pgmerit_reader": READ,
    "pgmerit_writer": READ | WRITE,
    "pgmerit_admin": READ | WRITE | ADMINISTER | RELAY,
    "pgmerit_relay": RELAY,
    "pgmerit_person": OWN | SHOWN_TO_TOKENS,
}
TABLES = {
    "activities",
    "award_events",
    "badge_definitions",
    "badge_denials",
    "earned_badges",
    "external_ids",
    "mentor_activity_totals",
    "org_badge_configs",
    "organizations",
    "peer_mentor_stats",
    "rule_sets",
}
OWN_TABLES = {
    "activities",
    "badge_definitions",
    "external_ids",
    "mentor_activity_totals",
    "org_badge_configs",
    "organizations",
    "peer_mentor_stats",
}
# What others noted of a person is left out: who decided, and why.
OWN_COLUMNS = {
    "award_events": "badge_definition_id created_at event_id event_type occurrence org_id"
    " peer_mentor_id source tier",
    "badge_denials": "badge_definition_id denied_at org_id peer_mentor_id tier",
    "earned_badges": "activity_id badge_definition_id earned_at granted_at idempotency_key"
    " occurrence org_id peer_mentor_id revoked_at revoked_by rule_set rule_set_version seen_at"
    " source threshold threshold_source tier",
}
# What doctor and migrate --plan compare with the shipped files; receipts of erasures.
BOOKS = {
    "badges_internal._yoyo_migration",
    "badges_internal.erasure_receipts",
    "badges_internal.loaded_files",
    "badges_internal.loaded_objects",
    "badges_internal.loaded_rights",
    "badges_internal.migration_files",
}
# Every column of activities but the number, which only the sequence gives.
WRITTEN = {
    "activity_date",
    "activity_type",
    "attributes",
    "idempotency_key",
    "occurred_at",
    "org_id",
    "peer_mentor_id",
    "quantity",
}
READERS = {"pgmerit_reader", "pgmerit_writer", "pgmerit_admin"}
WRITERS = {"pgmerit_writer", "pgmerit_admin"}
OURS = "in ('badges'::regnamespace, 'badges_internal'::regnamespace)"


def granted(connection: Connection, query: str) -> set[tuple[str, str, str]]:
    """List (grantee, object, privilege) but for the owner's own; grantee 0 is everybody."""
    listed = f"""
        select
            case held.grantee when 0 then 'PUBLIC' else held.grantee::regrole::text end as grantee,
            regexp_replace(object.name, '^badges[.]', '') as object,
            held.privilege_type || case when held.is_grantable then ' on' else '' end as privilege
        from ({query}) as object, aclexplode(object.acl) as held
        where held.grantee <> object.owner"""
    return {
        (each["grantee"], each["object"], each["privilege"]) for each in rows(connection, listed)
    }


def test_routines(connection: Connection) -> None:
    found = granted(
        connection,
        "select oid::regprocedure::text as name, proowner as owner,"
        " coalesce(proacl, acldefault('f', proowner)) as acl"
        f" from pg_proc where pronamespace {OURS}",
    )
    assert found == {
        (role, routine, "EXECUTE") for role, routines in ROUTINES.items() for routine in routines
    } | {("pgmerit_person", routine, "EXECUTE") for routine in ASKED_BY_POLICIES}


def test_every_public_routine_is_in_the_matrix(connection: Connection) -> None:
    found = rows(
        connection,
        "select replace(oid::regprocedure::text, 'badges.', '') as name from pg_proc"
        " where pronamespace = 'badges'::regnamespace",
    )
    assert {each["name"] for each in found} == set().union(*ROUTINES.values(), OWNER_ONLY)


def test_tables_views_and_sequences(connection: Connection) -> None:
    found = granted(
        connection,
        "select oid::regclass::text as name, relowner as owner,"
        " coalesce(relacl, acldefault(case relkind when 'S' then 's'::\"char\" else 'r' end,"
        f" relowner)) as acl from pg_class where relnamespace {OURS}"
        " and relkind in ('r', 'p', 'v', 'm', 'f', 'S')",
    )
    assert found == {(role, table, "SELECT") for role in READERS for table in TABLES} | {
        (role, "activities", "DELETE") for role in WRITERS
    } | {("pgmerit_admin", table, "SELECT") for table in BOOKS} | {
        ("pgmerit_person", table, "SELECT") for table in OWN_TABLES
    }


def test_columns(connection: Connection) -> None:
    found = granted(
        connection,
        "select attrelid::regclass || '.' || attname as name, relowner as owner, attacl as acl"
        f" from pg_attribute join pg_class on pg_class.oid = attrelid where relnamespace {OURS}",
    )
    assert found == {
        (role, f"activities.{column}", privilege)
        for role in WRITERS
        for column in WRITTEN
        for privilege in ("INSERT", "UPDATE")
    } | {
        ("pgmerit_person", f"{table}.{column}", "SELECT")
        for table, columns in OWN_COLUMNS.items()
        for column in columns.split()
    }


# Every table of schema badges: a new one says here whether a token sees rows of it.
PEOPLE = {"activities", "award_events", "badge_denials", "earned_badges", "peer_mentor_stats"}
SEEN_BY_TOKENS = {
    **dict.fromkeys(PEOPLE, True),
    "badge_definitions": True,
    "external_ids": True,
    "org_badge_configs": True,
    "organizations": True,
    "rule_sets": False,
}


def test_policies(connection: Connection) -> None:
    found = rows(
        connection,
        "select tablename, policyname, permissive, roles, cmd from pg_policies"
        " where schemaname in ('badges', 'badges_internal')",
    )
    expected = {
        (table, "own_rows", "SELECT", ("pgmerit_person",))
        for table, is_seen in SEEN_BY_TOKENS.items()
        if is_seen
    }
    for table in SEEN_BY_TOKENS:
        readers = {"pgmerit_reader"} if table == "activities" else READERS
        expected.add((table, "services_read", "SELECT", tuple(sorted(readers))))
    expected.add(("activities", "services_write", "ALL", tuple(sorted(WRITERS))))
    assert {
        (each["tablename"], each["policyname"], each["cmd"], tuple(sorted(each["roles"])))
        for each in found
    } == expected
    assert {each["permissive"] for each in found} == {"PERMISSIVE"}
    tables = rows(
        connection,
        "select relname, relrowsecurity, relforcerowsecurity from pg_class"
        " where relnamespace = 'badges'::regnamespace and relkind in ('r', 'p')",
    )
    assert {tuple(each.values()) for each in tables} == {
        (table, True, False) for table in SEEN_BY_TOKENS
    }


def test_schemas(connection: Connection) -> None:
    found = granted(
        connection,
        "select oid::regnamespace::text as name, nspowner as owner,"
        f" coalesce(nspacl, acldefault('n', nspowner)) as acl from pg_namespace where oid {OURS}",
    )
    assert found == {(role, "badges", "USAGE") for role in ROUTINES} | {
        ("pgmerit_admin", "badges_internal", "USAGE")
    }


def test_the_roles_are_groups_without_powers_of_their_own(connection: Connection) -> None:
    found = rows(
        connection,
        "select rolname from pg_roles where rolname = any(%s)"
        " and not rolsuper and not rolcreaterole and not rolcreatedb"
        " and not rolcanlogin and not rolreplication and not rolbypassrls"
        " and not exists (select from pg_auth_members where member = pg_roles.oid)",
        list(ROUTINES),
    )
    assert {each["rolname"] for each in found} == set(ROUTINES)


def test_the_view_reads_with_the_rights_of_its_reader(connection: Connection) -> None:
    found = rows(
        connection,
        "select relname, reloptions from pg_class"
        f" where relnamespace {OURS} and relkind in ('v', 'm')",
    )
    assert [
        each["relname"] for each in found if each["reloptions"] != ["security_invoker=true"]
    ] == []
