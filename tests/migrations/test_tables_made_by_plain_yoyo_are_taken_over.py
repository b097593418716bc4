"""Plain `yoyo apply` makes the tables; `migrate --adopt` takes them over, and nothing else does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from pgmerit import schema
from pgmerit.database import connect
from pgmerit.errors import PgmeritError

from tests.conftest import CliResult, NewDatabase, Server, assert_healthy
from tests.engine import ANN, ORG, activity, apply, assert_exact, badge_ids, insert, rule_set, value
from tests.house.schema_dump import describe
from tests.migrations.conftest import add_migration, plain_yoyo

Cli = Callable[..., CliResult]
REFUSAL = "error: the tables of pgmerit were made here by plain yoyo\n"


def _run(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture(scope="module")
def made_once(server: Server, new_database: NewDatabase) -> Iterator[str]:
    """The name of a database whose tables plain yoyo made, to be cloned."""
    with new_database() as name:
        done = plain_yoyo(server.dsn(name), "apply")
        assert done.returncode == 0, done.stderr
        yield name


@pytest.fixture
def made(server: Server, new_database: NewDatabase, made_once: str) -> Iterator[str]:
    """A database whose tables plain yoyo made."""
    with new_database(made_once) as name:
        yield server.dsn(name)


def test_adopted_tables_count_and_award_like_migrated_ones(made: str, cli: Cli) -> None:
    for arguments in (["migrate"], ["migrate", "--plan"]):
        refused = cli(*arguments, dsn=made)
        assert refused.exit_code == 2
        assert refused.stderr.startswith(REFUSAL)
        assert "`pgmerit migrate --adopt`" in refused.stderr
    planned = cli("migrate", "--plan", "--adopt", "--format", "json", dsn=made)
    assert json.loads(planned.stdout)["adopted"] == [*_names()]
    assert cli("migrate", dsn=made).exit_code == 2

    adopted = cli("migrate", "--adopt", "--format", "json", dsn=made)
    assert adopted.exit_code == 0, adopted.stderr
    report = json.loads(adopted.stdout)
    assert (report["adopted"], report["applied"]) == ([*_names()], [])
    assert report["loaded"]
    for arguments in (["migrate"], ["migrate", "--adopt"]):
        assert cli(*arguments, dsn=made).stderr == "nothing to do\n"
    with connect(made, autocommit=True) as connection:
        apply(connection, rule_set({"second": {"type": "threshold", "at_least": 2}}))
        insert(connection, activity("2026-03-01"))
        value(connection, "select badges.record_activity(%s, %s, 'call')", ANN, ORG)
        assert badge_ids(connection) == ["second"]
        assert_exact(connection)
    assert cli("verify", dsn=made).exit_code == 0
    assert_healthy(cli, made)


def _names() -> list[str]:
    return sorted(schema.read_migration_files(schema.migrations_dir()))


def test_an_adopted_database_is_the_same_as_a_migrated_one(made: str, dsn: str) -> None:
    schema.migrate(made, adopt=True)
    assert describe(made) == describe(dsn)
    schema.roll_back(made, everything=True)
    schema.migrate(made)
    assert describe(made) == describe(dsn)


def test_tables_of_an_earlier_version_are_adopted_and_brought_up(
    empty_dsn: str, dsn: str, tmp_path: Path
) -> None:
    early = _names()[:2]
    for name in early:
        for kind in ("sql", "rollback.sql"):
            text = (schema.migrations_dir() / f"{name}.{kind}").read_text()
            (tmp_path / f"{name}.{kind}").write_text(text)
    assert plain_yoyo(empty_dsn, "apply", folder=tmp_path).returncode == 0
    report = schema.migrate(empty_dsn, adopt=True)
    assert (report.adopted, report.applied) == (early, _names()[2:])
    assert describe(empty_dsn) == describe(dsn)


def test_an_index_that_was_built_concurrently_is_adopted(
    empty_dsn: str, sources: schema.Sources
) -> None:
    add_migration(sources, "0000_schemas", "create schema badges; create schema badges_internal;")
    (sources.migrations / "0003_third.sql").write_text(
        "-- transactional: false\ncreate index concurrently first_by_n on badges.first (n);\n"
    )
    (sources.migrations / "0003_third.rollback.sql").write_text("drop index badges.first_by_n;\n")
    done = plain_yoyo(empty_dsn, "apply", folder=sources.migrations)
    assert done.returncode == 0, done.stderr
    # The comparison makes the schemas itself.
    add_migration(sources, "0000_schemas", "select 1;")
    assert "0003_third" in schema.migrate(empty_dsn, sources, adopt=True).adopted


def test_marks_of_an_applications_own_migrations_are_no_tables_of_ours(
    empty_dsn: str, sources: schema.Sources, tmp_path: Path
) -> None:
    folder = tmp_path / "application"
    folder.mkdir()
    (folder / "0001_first.sql").write_text("create table public.theirs (n int);\n")
    assert plain_yoyo(empty_dsn, "apply", folder=folder).returncode == 0
    assert schema.migrate(empty_dsn, sources).applied == ["0001_first", "0002_second"]


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        (
            "alter table badges.earned_badges drop constraint earned_badges_are_awarded_once",
            "earned_badges_are_awarded_once",
            "is missing",
        ),
        ("alter table badges.activities alter quantity drop not null", "activities", "is missing"),
        ("create table badges.theirs (n int)", "create table badges.theirs", "is not ours"),
        ("alter table badges_internal.settings set unlogged", "set unlogged", "is not ours"),
        ("alter table badges.activities disable row level security", "row level", "is missing"),
        ("alter table badges.activities force row level security", "row level", "is not ours"),
        (
            "create function badges_internal._hold_rules() returns void language sql as ''",
            "_hold_rules",
            "is not ours",
        ),
        (
            "create rule quiet as on insert to badges.award_events do instead nothing",
            "quiet",
            "is not ours",
        ),
    ],
)
def test_tables_that_differ_are_refused_and_left(
    made: str, change: str, place: str, message: str
) -> None:
    _run(made, change)
    for run in (schema.plan, schema.migrate):
        with pytest.raises(PgmeritError, match="nothing was taken over") as refused:
            run(made, adopt=True)
        assert any(
            place in each["path"] and each["message"] == message for each in refused.value.details
        )
    with psycopg.connect(made) as connection:
        left = connection.execute(
            "select array_agg(nspname::text order by 1) from pg_namespace where nspname ~ '^badges'"
        ).fetchone()
        assert left == (["badges", "badges_internal", "badges_sources"],)
        books = connection.execute(
            "select to_regclass('badges_internal.loaded_files') is null"
        ).fetchone()
        assert books == (True,)


def test_marks_of_another_role_count_for_nothing(made: str) -> None:
    _run(
        made, "create role pgmerit_marks; alter table public._yoyo_migration owner to pgmerit_marks"
    )
    try:
        with pytest.raises(PgmeritError, match="hold what it did not make"):
            schema.migrate(made, adopt=True)
    finally:
        _run(made, "drop owned by pgmerit_marks; drop role pgmerit_marks")


def test_plain_yoyo_takes_no_schema_of_another_role(empty_dsn: str) -> None:
    _run(
        empty_dsn,
        "create role pgmerit_squatter; create schema badges authorization pgmerit_squatter",
    )
    try:
        refused = plain_yoyo(empty_dsn, "apply")
        assert refused.returncode != 0
        assert "the schema badges belongs to another role" in refused.stderr
    finally:
        _run(empty_dsn, "drop owned by pgmerit_squatter; drop role pgmerit_squatter")


def test_plain_yoyo_takes_its_tables_back(made: str) -> None:
    done = plain_yoyo(made, "rollback", "--all")
    assert done.returncode == 0, done.stderr
    schema.migrate(made)


def test_there_is_nothing_to_adopt_in_an_empty_database(empty_dsn: str) -> None:
    report = schema.migrate(empty_dsn, adopt=True)
    assert (report.adopted, report.applied) == ([], _names())
