"""What `migrate --sql` prints leaves what `migrate` leaves, by any client, whole or not at all."""

from __future__ import annotations

import contextlib
import io
import lzma
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from pgmerit import schema
from pgmerit.cli.common import print_file
from pgmerit.cli.db import psql_of
from pgmerit.schema import rights
from psycopg import errors

from tests.conftest import CliResult, assert_healthy
from tests.docs.supabase import run_file
from tests.house.schema_dump import DUMP, describe
from tests.migrations.conftest import add_migration, function, write_files
from tests.migrations.test_a_landed_database_is_upgraded import LANDED
from tests.security.conftest import run_as

Cli = Callable[..., CliResult]

RULES = """
version: 1
ruleset: first
organizations: {hlf: {time_zone: Europe/Oslo}}
badges: {caller: {name: Caller, criteria: {type: threshold, activity: call, at_least: 1}}}
"""

KEPT = """
create table if not exists badges_sources.kept (n int);
grant select on badges_sources.kept to pgmerit_reader;
"""


def _psql(dsn: str, file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    psql, variables = psql_of(dsn)
    command = [psql, "-X", *options, "-f", file]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


def _run(dsn: str, text: str) -> list[str]:
    """Run a file by one message; gives what the server said."""
    said: list[str] = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.add_notice_handler(
            lambda notice: said.append(f"{notice.severity}: {notice.message_primary}")
        )
        connection.execute(text.encode())
    return said


def _is_empty(dsn: str) -> bool:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select to_regnamespace('badges_internal') is null").fetchone()
    return row == (True,)


def test_an_ordinary_owner_installs_by_psql_and_again(
    owner: str, empty_dsn: str, cli: Cli, tmp_path: Path
) -> None:
    printed = cli("migrate", "--sql")
    assert (printed.exit_code, printed.stderr) == (0, "")
    (tmp_path / "rules.yaml").write_text(RULES)
    file = tmp_path / "pgmerit.sql"
    file.write_text(printed.stdout)
    for applied in (len(schema.read_migration_files(schema.migrations_dir())), 0):
        done = _psql(owner, file, "-q", "-1", "-v", "ON_ERROR_STOP=1")
        assert done.returncode == 0, done.stderr
        assert f"NOTICE:  pgmerit: {applied} migrations applied, " in done.stderr
        assert describe(empty_dsn) == DUMP.read_text()
        assert cli("migrate", dsn=owner).stderr == "nothing to do\n"
        assert cli("rules", "apply", tmp_path / "rules.yaml", dsn=owner).exit_code == 0
        assert_healthy(cli, owner)
        # What an attached table's own may have; the account is of these rights, too.
        run_as(owner, KEPT)


def test_outside_a_transaction_nothing_is_changed(empty_dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "pgmerit.sql"
    file.write_text(schema.write_script().text)
    done = _psql(empty_dsn, file, "-q")
    first = next(line for line in done.stderr.splitlines() if "ERROR" in line)
    assert first.endswith("ERROR:  this file must run in one transaction; nothing was changed")
    assert _is_empty(empty_dsn)


def test_an_earlier_version_is_brought_up_by_what_comes_after_it(
    empty_dsn: str, dsn: str, cli: Cli
) -> None:
    assert describe(dsn) == DUMP.read_text()  # and so the roles are there
    run_as(empty_dsn, lzma.decompress(LANDED.read_bytes()).decode())
    whole, script = schema.write_script(), schema.write_script("0018")
    assert len(script.text) < len(whole.text) - 30_000
    with pytest.raises(errors.ObjectNotInPrerequisiteState, match="0019_late_days is not applied"):
        _run(empty_dsn, schema.write_script("0019_late_days").text)
    run_file(empty_dsn, script.text)  # by statement
    assert describe(empty_dsn) == DUMP.read_text()
    assert schema.migrate(empty_dsn).is_empty()
    assert cli("verify", dsn=empty_dsn).exit_code == 0
    assert_healthy(cli, empty_dsn)


def test_migrate_and_the_file_go_on_from_each_other(
    empty_dsn: str, sources: schema.Sources
) -> None:
    files = {"one.sql": function("one", "select 1"), "two.sql": function("two", "select 2")}
    write_files(sources, files)
    _run(empty_dsn, schema.write_script(sources=sources).text)
    add_migration(sources, "0003_third", "create table badges.third (n int);")
    assert schema.migrate(empty_dsn, sources).applied == ["0003_third"]
    add_migration(sources, "0004_fourth", "create table badges.fourth (n int);")
    # Another result, another parameter, one that goes and one that another role may call.
    files = {
        "one.sql": function("one", "select 'x'::text", "", "text"),
        "three.sql": function("three", "select 3"),
    }
    write_files(sources, files)
    run_as(empty_dsn, "create view public.theirs as select badges.one() as n")
    with pytest.raises(errors.DependentObjectsStillExist, match=r"one\(\) must be replaced, but"):
        _run(empty_dsn, schema.write_script("0003", sources).text)
    run_as(empty_dsn, "drop view public.theirs")
    _run(empty_dsn, schema.write_script("0003", sources).text)
    assert schema.migrate(empty_dsn, sources).is_empty()
    with psycopg.connect(empty_dsn) as connection:
        assert connection.execute(
            "select array_agg(oid::regprocedure::text order by 1), badges.one() from pg_proc"
            " where pronamespace = 'badges'::regnamespace"
        ).fetchone() == (["badges.one()", "badges.three()"], "x")
        assert connection.execute(
            "select array_agg(migration_id order by 1) from badges_internal._yoyo_log"
        ).fetchone() == (["0001_first", "0002_second", "0003_third", "0004_fourth"],)
    assert schema.roll_back(empty_dsn, sources=sources).rolled_back == ["0004_fourth"]


def test_an_error_in_it_leaves_what_was_there_and_names_the_file(
    empty_dsn: str, sources: schema.Sources
) -> None:
    _run(empty_dsn, schema.write_script(sources=sources).text)
    before = describe(empty_dsn)
    add_migration(sources, "0003_third", "create table badges.third (n int);")
    write_files(sources, {"one.sql": "create or replace funktion badges.one();\n"})
    with pytest.raises(errors.SyntaxError) as broken:
        _run(empty_dsn, schema.write_script(sources=sources).text)
    assert broken.value.diag.internal_query.startswith("-- sql/one.sql\n")
    assert describe(empty_dsn) == before


def test_an_index_that_is_built_concurrently_is_built_in_the_transaction(
    empty_dsn: str, sources: schema.Sources, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    add_migration(sources, "0003_third", "")
    (sources.migrations / "0003_third.sql").write_text(
        "-- transactional: false\ncreate index concurrently first_by_n on badges.first (n);\n"
    )
    script = schema.write_script(sources=sources)
    assert [notice.partition(" ")[0] for notice in script.notices] == ["0003_third"]
    _run(empty_dsn, script.text)
    assert schema.migrate(empty_dsn, sources).is_empty()
    assert schema.write_script("0003", sources).notices == []
    monkeypatch.setattr(schema, "write_script", lambda after: script)
    assert cli("migrate", "--sql").stderr.startswith("notice: 0003_third builds its index inside")


@contextlib.contextmanager
def _locked(dsn: str) -> Iterator[None]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", (schema.LOCK_KEY,))
        yield


def test_what_migrate_refuses_is_refused(
    owner: str, empty_dsn: str, sources: schema.Sources, stranger: str
) -> None:
    text = schema.write_script(sources=sources).text

    def refused(
        error: type[psycopg.Error], said: str, given: str = text, dsn: str = empty_dsn
    ) -> None:
        with pytest.raises(error, match=said) as found:
            _run(dsn, given)
        assert found.value.diag.message_hint

    with _locked(empty_dsn):
        refused(errors.LockNotAvailable, "another pgmerit migrates this database")
    changed = text.replace(
        "create table badges.first (n int);", "create table badges.first (m int);"
    )
    refused(errors.InvalidParameterValue, "the text of 0001_first is not as pgmerit wrote", changed)
    too_old = text.replace("::integer < 15 * 10000", "::integer < 99 * 10000")
    refused(errors.FeatureNotSupported, "which is too old: pgmerit needs 15", too_old)
    assert _is_empty(empty_dsn)

    run_as(stranger, "create schema badges")
    for dsn in (owner, empty_dsn):
        refused(errors.InsufficientPrivilege, "the schema badges belongs to pgmerit_test", dsn=dsn)
    run_as(stranger, "drop schema badges")

    run_as(empty_dsn, "create schema badges; create table badges.theirs (n int)")
    refused(errors.ObjectNotInPrerequisiteState, r"hold what it did not make: badges\.theirs")
    run_as(empty_dsn, "drop schema badges cascade")

    _run(empty_dsn, text)
    run_as(empty_dsn, function("theirs", "select 7"))
    files = {"one.sql": function("one", "select 1"), "theirs.sql": function("theirs", "select 8")}
    write_files(sources, files)
    taken = schema.write_script(sources=sources).text
    refused(errors.DuplicateFunction, r"badges\.theirs\(\) is there already", taken)

    first = sources.migrations / "0001_first.sql"
    before = first.read_text()
    first.write_text(f"{before}-- edited\n")
    edited = schema.write_script(sources=sources).text
    refused(errors.ObjectNotInPrerequisiteState, "are not those that were applied", edited)
    first.write_text(before)
    for name in ("0002_second.sql", "0002_second.rollback.sql"):
        (sources.migrations / name).unlink()
    older = schema.write_script(sources=sources).text
    with pytest.raises(errors.ObjectNotInPrerequisiteState) as found:
        _run(empty_dsn, older)
    assert "0002_second was applied, but is not in this file" in found.value.diag.message_detail


def test_roles_that_may_not_be_made_are_told(
    owner: str, sources: schema.Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rights, "ROLES", (*rights.ROLES, "pgmerit_nobody"))
    said = _run(owner, schema.write_script(sources=sources).text)
    assert said == [
        "NOTICE: pgmerit: 2 migrations applied, 1 files of routines loaded",
        "WARNING: no rights were given to pgmerit_nobody: this role may not make roles",
    ]


def test_it_leaves_the_settings_of_the_transaction_alone(
    empty_dsn: str, sources: schema.Sources
) -> None:
    add_migration(sources, "0003_third", "set local lock_timeout = '5s';")
    text = schema.write_script(sources=sources).text
    names = ("search_path", "lock_timeout", "statement_timeout", "client_min_messages")
    shown = f"select {', '.join(f'current_setting({name!r})' for name in names)}"
    with psycopg.connect(empty_dsn) as connection:
        before = connection.execute(shown.encode()).fetchone()
        connection.execute(text.encode())
        connection.execute(text.encode())  # in the same transaction
        assert connection.execute(shown.encode()).fetchone() == before
        assert connection.execute(
            "select count(*) from pg_proc where pronamespace = pg_my_temp_schema()"
        ).fetchone() == (0,)


def test_wrong_use_is_told(cli: Cli) -> None:
    unknown = cli("migrate", "--sql", "--from", "0999")
    assert (unknown.exit_code, unknown.stdout) == (2, "")
    message, hint = unknown.stderr.splitlines()
    assert message == 'error: there is no migration "0999"'
    assert "0000_schemas to " in hint
    for options in (["--sql", "--plan"], ["--sql", "--format", "json"], ["--from", "0001"]):
        refused = cli("migrate", *options)
        assert (refused.exit_code, refused.stdout) == (2, "")


def test_the_file_is_utf_8_whatever_the_terminal_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "latin-1", "backslashreplace"))
    print_file("Ł\n")
    assert written.getvalue() == "Ł\n".encode()
