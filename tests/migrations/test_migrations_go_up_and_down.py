"""Up, down and up again leave the same database; what holds data is not dropped unasked."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pgmerit import schema
from pgmerit.database import Connection
from pgmerit.errors import PgmeritError
from psycopg.types.json import Jsonb

from tests.conftest import CliResult
from tests.engine import activity, apply, insert, rows, rule_set, value
from tests.house.schema_dump import describe

Cli = Callable[..., CliResult]


def _schemas(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select nspname from pg_namespace where nspname like 'badges%' order by 1"
        ).fetchall()
    return [row[0] for row in rows]


def test_up_down_up_leaves_an_equal_schema(empty_dsn: str) -> None:
    schema.migrate(empty_dsn)
    before = describe(empty_dsn)
    schema.roll_back(empty_dsn, everything=True)
    assert _schemas(empty_dsn) == []
    schema.migrate(empty_dsn)
    assert describe(empty_dsn) == before


def test_all_migrations_together_are_the_same_as_one_at_a_time(
    empty_dsn: str, tmp_path: Path
) -> None:
    files = sorted(schema.migrations_dir().glob("*.sql"))
    for file in (f for f in files if not f.name.endswith(".rollback.sql")):
        for part in (file, file.with_name(f"{file.stem}.rollback.sql")):
            (tmp_path / part.name).write_bytes(part.read_bytes())
        report = schema.migrate(empty_dsn, _without_files(tmp_path))
        assert report.applied == [file.stem]
    assert schema.migrate(empty_dsn).applied == []


def test_routes_are_brought_up_as_compiling_anew_writes_them(
    dsn: str, connection: Connection, cli: Cli
) -> None:
    criteria: dict[str, Any] = {
        "days": {"type": "streak", "activity": "call", "unit": "day", "length": 2}
        | {"excused_by": {"activity": "vacation"}},
        "visits": {"type": "threshold", "activity": "visit", "at_least": 2},
        "years": {"type": "tenure", "years": 1},
    }
    badges = {
        name: {"name": name, "criteria": rule, "on_unmet": "keep" if name == "years" else "lapse"}
        for name, rule in criteria.items()
    }
    organizations = {
        "nhf": {"badges": ["days", "visits"]},
        "hlf": {"badges": ["years"]},
        "both": {"badges": ["years", "days"]},
    }
    apply(connection, rule_set(badges, organizations))
    routes = "select * from badges_internal.activity_routes order by org_id, activity_type"
    before = rows(connection, routes)
    assert {each["lapse_role"] for each in before} == {None, "passes", "counts", "excuses"}
    while "0025" not in cli("migrate", "--down", "--yes", dsn=dsn).stdout:
        pass
    assert "lapse_role" not in rows(connection, routes)[0]
    schema.migrate(dsn)
    assert rows(connection, routes) == before


def test_milestones_are_marked_by_the_migration_as_by_an_apply(
    dsn: str, connection: Connection, cli: Cli
) -> None:
    calls: dict[str, Any] = {"type": "threshold", "activity": "call", "at_least": 2}
    both = {"type": "all_of", "criteria": [calls, {**calls, "activity": "visit"}]}
    badges: dict[str, Any] = {
        "plain": calls,
        "composed": both,
        "first": {"name": "first", "criteria": calls, "limit": {"first": 3}},
        "more": {**calls, "at_least": 2.5},
        "any": {"type": "threshold", "at_least": 5},
        "named": {"type": "badges_earned", "badges": ["plain", "first"]},
    }
    organizations = {
        "nhf": {"badges": list(badges)},
        "hlf": {"badges": ["plain", "composed", "more", "any"]},
    }
    apply(connection, rule_set(badges, organizations))
    marks = (
        "select org_id, badge_definition_id, node, is_alone, is_counted, next_threshold, rule_set,"
        " rule_set_version"
        " from badges_internal.milestones order by org_id, badge_definition_id, node"
    )
    thresholds = (
        "select org_id, stat, (thresholds).activity_count from badges_internal.stat_definitions"
        " order by org_id, stat"
    )
    waited = rows(connection, thresholds)
    before = rows(connection, marks)
    assert [tuple(each.values())[:6] for each in before] == [
        ("hlf", "any", 0, True, False, None),
        ("hlf", "composed", 1, False, False, 3),
        ("hlf", "composed", 2, False, False, None),
        ("hlf", "more", 0, True, False, None),
        ("hlf", "plain", 0, True, False, 3),
        ("nhf", "any", 0, True, False, None),
        ("nhf", "composed", 1, False, False, 3),
        ("nhf", "composed", 2, False, False, None),
        ("nhf", "first", 0, False, True, 3),
        ("nhf", "more", 0, True, False, None),
        ("nhf", "named", 0, True, False, None),
        ("nhf", "plain", 0, True, True, 3),
    ]
    assert {(each["rule_set"], each["rule_set_version"]) for each in before} == {("tests", 1)}
    while "0029" not in cli("migrate", "--down", "--yes", dsn=dsn).stdout:
        pass
    connection.execute(
        "update badges_internal.stat_definitions"
        " set thresholds.activity_count = (thresholds).activity_count || 2147483647::numeric"
        " where stat = '*' and org_id = 'hlf'"
    )
    schema.migrate(dsn)
    assert rows(connection, marks) == before
    assert rows(connection, thresholds) == waited
    # Another version marks them anew.
    badges["named"] = {"type": "badges_earned", "badges": ["composed"]}
    badges["first"] = {"name": "first", "criteria": calls}
    apply(connection, rule_set(badges, organizations))
    assert [(each["is_alone"], each["is_counted"]) for each in rows(connection, marks)[6:]] == [
        (False, True),
        (False, True),
        (True, False),
        (True, False),
        (True, False),
        (True, False),
    ]
    assert {each["rule_set_version"] for each in rows(connection, marks)} == {2}


def test_the_version_of_who_has_no_row_is_that_of_the_people_who_wait(
    dsn: str, connection: Connection, cli: Cli
) -> None:
    """Where nobody waits everybody was evaluated; else none is known to be newer than they."""
    organizations = {"hlf": {"time_zone": "UTC"}, "nhf": {"time_zone": "UTC"}}
    document = rule_set({"first": {"type": "threshold", "at_least": 1}}, organizations)
    apply(connection, document)
    insert(connection, activity("2026-03-01", org="nhf"))
    document["badges"]["first"]["criteria"]["at_least"] = 2
    value(connection, "select badges.apply_rule_set(%s)", Jsonb(document))
    while "0030" not in cli("migrate", "--down", "--yes", dsn=dsn).stdout:
        pass
    schema.migrate(dsn)
    versions = "select org_id, rule_set_version, evaluated_version from badges.organizations"
    assert [tuple(each.values()) for each in rows(connection, f"{versions} order by 1")] == [
        ("hlf", 2, 2),
        ("nhf", 2, 1),
    ]


def test_migrating_twice_does_nothing_the_second_time(dsn: str, cli: Cli) -> None:
    assert schema.migrate(dsn).is_empty()
    result = cli("migrate", dsn=dsn)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "nothing to do\n")


def test_a_plan_shows_what_would_run_and_changes_nothing(empty_dsn: str, cli: Cli) -> None:
    result = cli("migrate", "--plan", dsn=empty_dsn)
    assert result.exit_code == 0
    assert "0001_tables" in result.stdout
    assert re.search(r"\nload +\d{3} files of routines *\n$", result.stdout)
    every = cli("migrate", "--plan", "--verbose", dsn=empty_dsn)
    assert "activities/record_activity.sql" in every.stdout
    assert _schemas(empty_dsn) == []


def test_down_refuses_to_drop_data_unless_told(dsn: str, connection: Connection, cli: Cli) -> None:
    connection.execute("insert into badges.organizations (org_id, name) values ('hlf', 'HLF')")
    refused = cli("migrate", "--down", "--all", dsn=dsn, stdin="y\n")
    assert refused.exit_code == 2
    assert "badges.organizations" in refused.stderr
    assert "--yes" in refused.stderr
    assert _schemas(dsn) == ["badges", "badges_internal", "badges_sources"]
    assert schema.migrate(dsn).is_empty()
    assert cli("migrate", "--down", "--all", "--yes", dsn=dsn).exit_code == 0
    assert _schemas(dsn) == []


def test_down_asks_first(dsn: str, cli: Cli) -> None:
    for answer in ("n\n", ""):
        assert cli("migrate", "--down", dsn=dsn, stdin=answer).exit_code == 2
    assert schema.migrate(dsn).is_empty()
    assert cli("migrate", "--down", dsn=dsn, stdin="y\n").exit_code == 0


def test_down_takes_back_one_migration_unless_all_are_named(
    empty_dsn: str, sources: schema.Sources
) -> None:
    schema.migrate(empty_dsn, sources)
    assert schema.roll_back(empty_dsn, sources=sources).rolled_back == ["0002_second"]
    assert schema.migrate(empty_dsn, sources).applied == ["0002_second"]


def test_down_counts_a_dropped_column_as_data(empty_dsn: str, sources: schema.Sources) -> None:
    schema.migrate(empty_dsn, sources)
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("insert into badges.first values (1, 'kept')")
    with pytest.raises(PgmeritError, match=r"badges\.first"):
        schema.roll_back(empty_dsn, sources=sources)


def test_down_on_an_empty_database_has_nothing_to_do(empty_dsn: str) -> None:
    assert schema.roll_back(empty_dsn).is_empty()


def test_every_migration_has_its_rollback() -> None:
    assert schema.read_migration_files(schema.migrations_dir())


def test_every_migration_begins_with_time_limits() -> None:
    for file in schema.migrations_dir().glob("*.sql"):
        text = file.read_text()
        assert "set local lock_timeout" in text, file.name
        assert "set local statement_timeout" in text, file.name


def _without_files(migrations: Path) -> schema.Sources:
    files = migrations / "sql"
    files.mkdir(exist_ok=True)
    (files / "manifest.txt").write_text("")
    return schema.Sources(migrations, files)
