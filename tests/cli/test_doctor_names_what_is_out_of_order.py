"""Each defence, broken on purpose, is a finding and exit code 1."""

from __future__ import annotations

import json
from collections.abc import Callable

import psycopg
import pytest
from pgmerit.database import Connection
from pgmerit.doctor import minor_finding

from tests.conftest import CliResult

Cli = Callable[..., CliResult]

DROP_GUARD = "alter table badges.earned_badges drop constraint earned_badges_are_awarded_once;"
KEY = "(peer_mentor_id, badge_definition_id, org_id, tier, occurrence)"


def _findings(cli: Cli, dsn: str, check: str | None = None) -> list[str]:
    result = cli("doctor", "--format", "json", dsn=dsn)
    assert result.stderr == ""
    rows = json.loads(result.stdout)
    bad = [row for row in rows if row["status"] != "ok"]
    assert result.exit_code == (1 if bad else 0)
    return [row["finding"] for row in bad if check in (None, row["check"])]


@pytest.fixture
def sound(connection: Connection) -> Connection:
    """A database with a rule set, so that nothing is left to find."""
    document = {
        "version": 1,
        "ruleset": "sound",
        "organizations": {"hlf": {"name": "HLF"}},
        "badges": {
            "first": {"name": "First", "criteria": {"type": "threshold", "at_least": 1}},
        },
    }
    connection.execute("select badges.apply_rule_set(%s)", (psycopg.types.json.Jsonb(document),))
    return connection


def test_a_sound_database_has_no_findings(sound: Connection, dsn: str, cli: Cli) -> None:
    assert _findings(cli, dsn) == []
    result = cli("doctor", dsn=dsn)
    assert "award guard" in result.stdout


def test_an_empty_database_is_not_installed(empty_dsn: str, cli: Cli) -> None:
    assert _findings(cli, empty_dsn) == ["pgmerit is not installed"]


def test_no_rule_set_is_a_finding(dsn: str, cli: Cli) -> None:
    assert _findings(cli, dsn) == ["none is applied"]


@pytest.mark.parametrize("state", ["disable trigger", "enable replica trigger"])
def test_a_trigger_that_does_not_fire_is_a_finding(
    connection: Connection, dsn: str, cli: Cli, state: str
) -> None:
    names = connection.execute(
        "select tgname from pg_trigger where tgrelid = 'badges.activities'::regclass"
        " and not tgisinternal"
    ).fetchall()
    assert len(names) >= 4
    for row in names:
        connection.execute(f"alter table badges.activities {state} {row['tgname']}".encode())
    assert _findings(cli, dsn, "triggers") == sorted(
        f"{row['tgname']} on badges.activities is disabled" for row in names
    )


def test_a_trigger_that_always_fires_is_fine(connection: Connection, dsn: str, cli: Cli) -> None:
    connection.execute("alter table badges.activities enable always trigger fill_activity_date")
    assert _findings(cli, dsn, "triggers") == []


def test_a_dropped_trigger_is_a_finding(connection: Connection, dsn: str, cli: Cli) -> None:
    connection.execute("drop trigger forget_all_activities on badges.activities")
    assert _findings(cli, dsn, "functions") == [
        "forget_all_activities on badges.activities is missing or was changed"
    ]


def test_a_database_where_no_trigger_fires_is_a_finding(
    connection: Connection, dsn: str, cli: Cli
) -> None:
    name = connection.info.dbname
    connection.execute(f"alter database {name} set session_replication_role = 'replica'".encode())
    assert _findings(cli, dsn, "triggers") == [
        f"session_replication_role is replica for database {name}"
    ]


@pytest.mark.parametrize(
    ("broken", "finding"),
    [
        (DROP_GUARD, "has no unique index on"),
        (f"{DROP_GUARD} create index guard on badges.earned_badges {KEY};", "is not unique"),
        (
            f"{DROP_GUARD} create unique index guard on badges.earned_badges {KEY}"
            " where revoked_at is null;",
            "covers only some rows",
        ),
        (
            f"{DROP_GUARD} alter table badges.earned_badges"
            f" add constraint guard unique {KEY} deferrable;",
            "is deferrable",
        ),
        (
            f"{DROP_GUARD} create unique index guard on badges.earned_badges"
            " (peer_mentor_id, badge_definition_id, org_id, tier);",
            "has no unique index on",
        ),
        (
            f"{DROP_GUARD} alter table badges.earned_badges alter tier drop not null;"
            f" create unique index guard on badges.earned_badges {KEY};",
            "has columns that may be null",
        ),
        (
            "update pg_index set indisvalid = false"
            " where indexrelid = 'badges.earned_badges_are_awarded_once'::regclass;",
            "is not valid",
        ),
        (
            "update pg_index set indisready = false"
            " where indexrelid = 'badges.earned_badges_are_awarded_once'::regclass;",
            "is not ready",
        ),
    ],
)
def test_each_broken_award_guard_is_a_finding(
    connection: Connection, dsn: str, cli: Cli, broken: str, finding: str
) -> None:
    connection.execute(broken.encode())
    found = _findings(cli, dsn, "award guard")
    assert len(found) == 1
    assert finding in found[0]


def test_another_sound_guard_is_as_good(connection: Connection, dsn: str, cli: Cli) -> None:
    connection.execute(
        f"{DROP_GUARD} create unique index guard on badges.earned_badges {KEY};".encode()
    )
    assert _findings(cli, dsn, "award guard") == []


def test_a_deferrable_one_beside_a_sound_guard_stops_awards(
    connection: Connection, dsn: str, cli: Cli
) -> None:
    connection.execute(
        f"alter table badges.earned_badges add constraint late unique {KEY} deferrable".encode()
    )
    assert _findings(cli, dsn, "award guard") == ["badges.late is deferrable"]
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="deferrable"):
        connection.execute(
            "insert into badges.earned_badges (peer_mentor_id, badge_definition_id, org_id,"
            " earned_at, granted_at, idempotency_key, source)"
            " values (gen_random_uuid(), 'first', 'hlf', now(), now(), 'key', 'rule')"
            f" on conflict {KEY} do nothing".encode()
        )


def test_a_function_changed_by_hand_is_a_finding(
    connection: Connection, dsn: str, cli: Cli
) -> None:
    connection.execute("alter function badges.new_badges() set work_mem = '8MB'")
    assert _findings(cli, dsn, "functions") == ["badges.new_badges() is missing or was changed"]


def test_a_function_that_is_not_ours_is_a_finding(
    connection: Connection, dsn: str, cli: Cli
) -> None:
    connection.execute("create function badges.theirs() returns int language sql as 'select 1'")
    assert _findings(cli, dsn, "functions") == ["badges.theirs() is not part of pgmerit"]


def test_files_of_another_version_are_counted_and_few_are_named(
    connection: Connection, dsn: str, cli: Cli
) -> None:
    connection.execute("delete from badges_internal.loaded_files where path ~ '/new_badges'")
    assert _findings(cli, dsn, "functions") == [
        "sql/activities/new_badges.sql is not loaded as shipped"
    ]
    connection.execute("delete from badges_internal.loaded_files where path ~ '^base/'")
    (told,) = _findings(cli, dsn, "functions")
    assert told.endswith("files are not loaded as shipped, sql/base/_acting_role.sql first")


def test_a_pending_migration_is_a_finding(connection: Connection, dsn: str, cli: Cli) -> None:
    connection.execute("delete from badges_internal._yoyo_migration")
    assert "pgmerit is not installed" in _findings(cli, dsn, "migrations")


def test_an_edited_migration_is_a_finding(connection: Connection, dsn: str, cli: Cli) -> None:
    connection.execute("update badges_internal.migration_files set sha256 = 'other'")
    assert _findings(cli, dsn, "migrations")[0].endswith("was edited after it was applied")


@pytest.mark.parametrize(
    ("version", "status"),
    [(150015, "warning"), (150016, "ok"), (160011, "warning"), (170007, "warning"),
     (170008, "ok"), (180001, "warning"), (180002, "ok"), (190000, "ok")],
)  # fmt: skip
def test_a_minor_below_the_floor_is_named(version: int, status: str) -> None:
    finding = minor_finding(version)
    assert finding.status == status
    assert f"{version // 10000}.{version % 10000}" in finding.finding
