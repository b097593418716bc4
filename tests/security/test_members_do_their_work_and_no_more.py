"""Ordinary login roles, members of pgmerit_reader, _writer or _admin, or of nothing."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from pgmerit import database
from pgmerit.database import Connection

from tests.conftest import CliResult
from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    assert_exact,
    awards,
    badge_ids,
    copy_in,
    insert,
    rows,
    rule_set,
    stage_in,
    value,
)
from tests.security.conftest import Login, role_of

LASTING = True

Cli = Callable[..., CliResult]
Session = Callable[..., Connection]

DOCUMENT = rule_set(
    {
        "first": {"type": "threshold", "at_least": 1},
        "third": {"type": "threshold", "activity": "call", "at_least": 3},
        "thanks": {"type": "manual"},
    }
)
RECORD = "select badges.record_activity(%s, %s, 'call', '2026-03-01 12:00+00')"


def is_refused(session: Connection, statement: str) -> bool:
    """Tell whether the statement fails for want of rights."""
    try:
        session.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


def _ruled(connection: Connection) -> None:
    apply(connection, DOCUMENT)


PREPARED = {"ruled": _ruled}


@pytest.fixture
def ruled(connection: Connection) -> Connection:
    """The database with a rule set in it, as its owner sees it."""
    return connection


def test_a_writer_inserts_copies_records_and_reads(ruled: Connection, session: Session) -> None:
    writer = session("pgmerit_writer")
    insert(writer, activity("2026-03-01"))
    stage_in(writer, [activity("2026-03-02"), activity("2026-03-01", who=BEN)])
    recorded = value(writer, RECORD, ANN, ORG)
    assert [each["badge_definition_id"] for each in recorded["new_badges"]] == ["third"]
    many = "select badges.record_activities(jsonb_build_array(jsonb_build_object("
    many += "'peer_mentor_id', %s::uuid, 'org_id', %s::text, 'activity_type', 'call')))"
    assert value(writer, many, BEN, ORG)["recorded"] == 1
    writer.execute("update badges.activities set quantity = 7 where peer_mentor_id = %s", (BEN,))
    writer.execute("delete from badges.activities where peer_mentor_id = %s", (BEN,))

    progress = rows(writer, "select * from badges.get_badge_progress(%s, %s)", ANN, ORG)
    assert {each["badge_definition_id"] for each in progress} >= {"first", "third"}
    assert value(writer, "select badges.explain_badge(%s, 'third', %s)", ANN, ORG)
    assert rows(writer, "select * from badges.evaluate_badges(%s, %s)", ANN, ORG) == []
    assert badge_ids(writer, ANN) == ["first", "third"]
    assert (
        value(
            writer,
            "select activity_count from badges.mentor_activity_totals"
            " where peer_mentor_id = %s and activity_type is null",
            ANN,
        )
        == 3
    )
    assert_exact(ruled)


def test_a_writer_copies_past_row_level_security_only_with_bypassrls(
    ruled: Connection, login: Login
) -> None:
    dsn = login("pgmerit_writer")
    with contextlib.closing(database.connect(dsn, autocommit=True)) as writer:
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="row-level security"):
            copy_in(writer, [activity("2026-03-01")])
        ruled.execute(f"alter role {role_of(dsn)} bypassrls".encode())
        copy_in(writer, [activity("2026-03-01")])
    assert badge_ids(ruled, ANN) == ["first"]
    assert_exact(ruled)


def test_a_writer_sees_its_new_badges_in_its_transaction(
    ruled: Connection, session: Session
) -> None:
    writer = session("pgmerit_writer")
    with writer.transaction():
        insert(writer, activity("2026-03-01"))
        found = rows(writer, "select * from badges.new_badges()")
    assert [each["badge_definition_id"] for each in found] == ["first"]


WRITER_STATEMENTS = [
    "insert into badges.activities (peer_mentor_id, org_id, activity_type, occurred_at)"
    " select gen_random_uuid(), 'nhf', 'call', now() from generate_series(1, 3)"
    " returning activity_id",
    "insert into badges.activities"
    " (peer_mentor_id, org_id, activity_type, occurred_at, idempotency_key)"
    " values (%(ann)s, 'nhf', 'call', '2026-03-01 12:00+00', 'a')"
    " on conflict (peer_mentor_id, org_id, idempotency_key)"
    " do update set quantity = excluded.quantity returning activity_id",
    "insert into badges.activities"
    " (peer_mentor_id, org_id, activity_type, occurred_at, idempotency_key)"
    " values (%(ann)s, 'nhf', 'call', '2026-03-01 12:00+00', 'a') on conflict do nothing",
    "merge into badges.activities as held"
    " using (values (%(ann)s::uuid, 'a'), (%(ann)s::uuid, 'b')) as given (who, key)"
    " on held.peer_mentor_id = given.who and held.idempotency_key = given.key"
    " when matched then update set quantity = 3, attributes = '{\"n\": 1}'"
    " when not matched then insert"
    " (peer_mentor_id, org_id, activity_type, occurred_at, idempotency_key)"
    " values (given.who, 'nhf', 'call', '2026-03-02 12:00+00', given.key)",
    "update badges.activities set idempotency_key = 'c', peer_mentor_id = %(ben)s"
    " where idempotency_key = 'b' returning activity_id",
    "select * from badges.activities for update",
]


def test_every_way_of_writing_that_leaves_the_number_alone_is_open(
    ruled: Connection, session: Session
) -> None:
    writer = session("pgmerit_writer")
    for statement in WRITER_STATEMENTS:
        writer.execute(statement.encode(), {"ann": ANN, "ben": BEN})
    assert value(ruled, "select count(*) from badges.activities") == 5
    assert_exact(ruled)


ROW = "gen_random_uuid(), 'nhf', 'call', now()"
CHOOSING = [
    "insert into badges.activities (activity_id, peer_mentor_id, org_id, activity_type,"
    f" occurred_at) overriding system value values (7, {ROW})",
    "insert into badges.activities (activity_id, peer_mentor_id, org_id, activity_type,"
    f" occurred_at) values (7, {ROW})",
    "update badges.activities set activity_id = 7",
    "insert into badges.activities (peer_mentor_id, org_id, activity_type, occurred_at,"
    " idempotency_key) values (gen_random_uuid(), 'nhf', 'call', now(), 'a')"
    " on conflict (peer_mentor_id, org_id, idempotency_key) do update set activity_id = 7",
    "copy badges.activities (activity_id, peer_mentor_id, org_id, activity_type, occurred_at)"
    " from stdin",
    "select setval('badges.activities_activity_id_seq', 7)",
]


@pytest.mark.parametrize("role", ["pgmerit_writer", "pgmerit_admin"])
def test_nobody_chooses_the_number_that_another_insert_will_get(
    ruled: Connection, session: Session, role: str
) -> None:
    insert(ruled, activity("2026-03-01"))
    writer = session(role)
    assert [each for each in CHOOSING if not is_refused(writer, each)] == []


FORBIDDEN_TO_WRITERS = [
    "update badges.peer_mentor_stats set activity_count = 99",
    "delete from badges.peer_mentor_stats",
    "insert into badges.earned_badges select * from badges.earned_badges",
    "update badges.earned_badges set revoked_at = now()",
    "delete from badges.earned_badges",
    "insert into badges.award_events overriding system value select * from badges.award_events",
    "delete from badges.award_events",
    "update badges.badge_definitions set is_active = false",
    "update badges.org_badge_configs set is_enabled = false",
    "update badges.organizations set time_zone = 'UTC'",
    "insert into badges.badge_denials select * from badges.badge_denials",
    "delete from badges.rule_sets",
    "truncate badges.activities",
    "alter table badges.activities disable trigger user",
    "set session_replication_role = replica",
    "create trigger mine after insert on badges.activities"
    " for each row execute function suppress_redundant_updates_trigger()",
    "create index on badges.activities (lower(activity_type))",
    "create table badges.mine (n int)",
    "create function badges.mine() returns int language sql return 1",
    "drop function badges.new_badges()",
    "grant pgmerit_admin to current_user",
    "set role pgmerit_admin",
    "select from badges_internal.settings",
    "select from badges_internal.milestones",
    "select badges_internal._last_event()",
    "select badges_internal._is_administrator()",
    "select badges.apply_rule_set('{}')",
    "select badges.backfill_rule_set('tests')",
    "select badges.award_badge(gen_random_uuid(), 'thanks', 'nhf', 'mine')",
    "select badges.revoke_badge(gen_random_uuid(), 'thanks', 'nhf', 'mine')",
    "select badges.deny_badge(gen_random_uuid(), 'thanks', 'nhf', 'mine')",
    "select badges.allow_badge(gen_random_uuid(), 'thanks', 'nhf', 'mine')",
    "select badges.rebuild_stats()",
    "select badges.set_setting('criteria_raw', 'true')",
    "select from badges.verify_stats()",
    "select from badges.verify_awards()",
    "select badges.apply_badge_rules(null)",
]


def test_a_writer_writes_no_stats_awards_or_rules(ruled: Connection, session: Session) -> None:
    insert(ruled, activity("2026-03-01"))
    writer = session("pgmerit_writer")
    assert [each for each in FORBIDDEN_TO_WRITERS if not is_refused(writer, each)] == []
    assert_exact(ruled)


FORBIDDEN_TO_READERS = [
    "insert into badges.activities (peer_mentor_id, org_id, activity_type, occurred_at)"
    " values (gen_random_uuid(), 'nhf', 'call', now())",
    "update badges.activities set quantity = 2",
    "delete from badges.activities",
    "select badges.record_activity(gen_random_uuid(), 'nhf', 'call')",
    "select badges.record_activities('[]')",
    "select from badges.evaluate_badges(gen_random_uuid(), 'nhf')",
]


def test_a_reader_writes_nothing(ruled: Connection, session: Session) -> None:
    reader = session("pgmerit_reader")
    assert [each for each in FORBIDDEN_TO_READERS if not is_refused(reader, each)] == []


def test_a_reader_reads_through_the_command_line(ruled: Connection, cli: Cli, login: Login) -> None:
    insert(ruled, *[activity(f"2026-03-0{n}") for n in (1, 2, 3)])
    reader = login("pgmerit_reader")
    shown = cli("mentor", "show", ANN, "--org", ORG, "--format", "json", dsn=reader)
    assert shown.exit_code == 0, shown.stderr
    assert "third" in shown.stdout
    assert cli("mentor", "explain", ANN, "third", "--org", ORG, dsn=reader).exit_code == 0
    assert cli("rules", "history", dsn=reader).exit_code == 0
    assert cli("rules", "show", dsn=reader).exit_code == 0


def test_a_writer_imports_through_the_command_line(
    ruled: Connection, cli: Cli, login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not for it to analyze, and no reason to fail.
    monkeypatch.setattr(database, "MANY_ROWS", 3)
    lines = ["peer_mentor_id,org_id,activity_type,occurred_at"]
    lines += [f"{ANN},{ORG},call,2026-03-0{n}T12:00:00Z" for n in (1, 2, 3)]
    file = tmp_path / "activities.csv"
    file.write_text("\n".join(lines) + "\n")
    imported = cli("import", file, dsn=login("pgmerit_writer"))
    assert imported.exit_code == 0, imported.stderr
    assert badge_ids(ruled, ANN) == ["first", "third"]
    assert_exact(ruled)


def test_an_administrator_applies_awards_and_verifies(
    connection: Connection, cli: Cli, login: Login, session: Session, tmp_path: Path
) -> None:
    apply(connection, rule_set({}))
    insert(connection, *[activity(f"2026-03-0{n}") for n in (1, 2, 3)])
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(DOCUMENT))
    admin = login("pgmerit_admin")
    applied = cli("rules", "apply", file, "--format", "json", dsn=admin)
    assert applied.exit_code == 0, applied.stderr
    assert json.loads(applied.stdout)["awarded"] == 2
    assert value(
        connection, "select applied_by from badges.rule_sets order by version desc limit 1"
    ) == role_of(admin)

    held = session("pgmerit_admin")
    award = "select badges.award_badge(%s, 'thanks', %s, 'for the cake')"
    assert value(held, award, ANN, ORG)["changed"]
    revoke = "select badges.revoke_badge(%s, 'thanks', %s, 'it was bought')"
    assert value(held, revoke, ANN, ORG)["changed"]
    assert {each["source"] for each in awards(connection, ANN)} == {"backfill"}
    insert(held, activity("2026-03-04"))

    verified = cli("verify", dsn=admin)
    assert (verified.exit_code, verified.stderr) == (0, "")
    connection.execute("update badges.peer_mentor_stats set activity_count = 99 where stat = '*'")
    assert cli("verify", dsn=admin).exit_code == 1
    mended = cli("verify", "--repair", dsn=admin)
    assert mended.exit_code == 0, mended.stderr
    assert_exact(connection)


FORBIDDEN_TO_ADMINISTRATORS = [
    # Raw expressions run inside the engine: for members of the role that owns it.
    "select badges.set_setting('criteria_raw', 'true')",
    "update badges.peer_mentor_stats set activity_count = 99",
    "delete from badges.earned_badges",
    "delete from badges.award_events",
    "update badges.badge_definitions set is_active = false",
    "truncate badges.activities",
    "select from badges_internal.settings",
    "select badges_internal._last_event()",
    "create table badges.mine (n int)",
    "alter table badges.activities disable trigger user",
]


def test_an_administrator_of_badges_is_not_the_owner(ruled: Connection, session: Session) -> None:
    admin = session("pgmerit_admin")
    assert [each for each in FORBIDDEN_TO_ADMINISTRATORS if not is_refused(admin, each)] == []


def test_a_role_with_nothing_gets_one_clear_line(
    ruled: Connection, cli: Cli, login: Login, tmp_path: Path
) -> None:
    rules, lines = tmp_path / "rules.json", tmp_path / "lines.csv"
    rules.write_text(json.dumps(DOCUMENT))
    lines.write_text(
        f"peer_mentor_id,org_id,activity_type,occurred_at\n{ANN},{ORG},call,2026-03-01T12:00:00Z\n"
    )
    nobody = login()
    for arguments in (
        ["rules", "apply", rules],
        ["rules", "history"],
        ["rules", "show"],
        ["import", lines],
        ["mentor", "show", ANN, "--org", ORG],
        ["mentor", "explain", ANN, "first", "--org", ORG],
        ["verify"],
        ["verify", "--repair"],
        ["migrate"],
        ["migrate", "--plan"],
        ["migrate", "--down", "--yes"],
        ["doctor"],
    ):
        result = cli(*arguments, dsn=nobody)
        assert (result.exit_code, result.stdout) == (2, ""), arguments
        first, *rest = result.stderr.splitlines()
        assert first.startswith("error: "), arguments
        assert "denied" in first or "belongs to" in first, (arguments, first)
        assert [line[:6] for line in rest] == ["hint: "], (arguments, result.stderr)
    assert value(ruled, "select count(*) from badges.activities") == 0


def test_a_refused_error_is_json_too(ruled: Connection, cli: Cli, login: Login) -> None:
    result = cli("rules", "history", "--format", "json", dsn=login())
    assert (result.exit_code, result.stdout) == (2, "")
    error = json.loads(result.stderr)["error"]
    assert error["sqlstate"] == "42501"
    assert error["hint"]


RAW = rule_set(
    {"raw": {"type": "criteria_raw", "expression": "$.totals.count > 1", "reason": "a test"}}
)


def test_an_owner_who_set_a_lesser_role_has_lesser_rights(
    ruled: Connection, connect: Callable[..., Connection]
) -> None:
    owner = connect()
    change = "select badges.set_setting('criteria_raw', 'true')"
    configure = "select badges.configure_badge('third', 'nhf', false, null)"
    plan = f"select badges.plan_rule_set('{json.dumps(RAW)}')"
    owner.execute(change.encode())
    for role in ("pgmerit_reader", "pgmerit_writer", "pgmerit_admin"):
        with owner.transaction():
            owner.execute(f"set local role {role}".encode())
            assert is_refused_within(owner, change)
            assert is_refused_within(owner, configure) == (role != "pgmerit_admin")
            if role == "pgmerit_admin":
                with (
                    pytest.raises(psycopg.errors.InvalidParameterValue) as refused,
                    owner.transaction(),
                ):
                    owner.execute(plan.encode())
                assert "platform administrator alone" in str(refused.value.diag.message_detail)
    owner.execute(change.encode())
    assert value(owner, plan)["changed"]


def is_refused_within(session: Connection, statement: str) -> bool:
    """The same inside a transaction, which goes on."""
    with session.transaction(force_rollback=True):
        return is_refused(session, statement)


def test_a_member_of_the_owner_changes_settings(ruled: Connection, session: Session) -> None:
    owner = value(
        ruled, "select nspowner::regrole::text from pg_namespace where nspname = 'badges'"
    )
    member = session(owner)
    member.execute("select badges.set_setting('criteria_raw', 'true')")
    assert value(ruled, "select setting_value from badges_internal.settings") is True
