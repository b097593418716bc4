"""Schemas of an older make stand where pgmerit's own have to be: one command installs beside them.

Renamed, migrated, ruled, taken over: each step that is done already is none, so the same command
goes on wherever it was stopped.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pgmerit import schema
from pgmerit.adopting import moving, older
from pgmerit.database import Connection, connect
from pgmerit.rules import versions

from tests.adopt.legacy import DOCUMENT, Cli, held
from tests.conftest import assert_healthy
from tests.engine import assert_exact, rows, value

OLDER = """
create schema badges;
create type badges.kind as enum ('gold', 'silver');
create table badges.users (id bigserial primary key, name text);
create table badges.earned_badges (
    id bigserial primary key,
    user_id bigint not null references badges.users,
    badge text not null,
    kind badges.kind,
    earned_at timestamptz default now()
);
create view badges.golden as select * from badges.earned_badges where kind = 'gold';
create function badges.award(bigint, text) returns void language sql as $$
    insert into badges.earned_badges (user_id, badge) values ($1, $2)
$$;
insert into badges.users (name) values ('ann'), ('ben');
insert into badges.earned_badges (user_id, badge, kind, earned_at) values
    (1, 'First call', 'gold', '2020-05-01 10:00+00'),
    (1, 'First call', 'gold', '2020-05-02 10:00+00'),
    (2, 'tenth', null, '2020-05-03 10:00+00'),
    (2, 'unheard of', null, '2020-05-03 10:00+00');
"""


@pytest.fixture
def connection(empty_dsn: str) -> Iterator[Connection]:
    """A database with an older make in it."""
    with contextlib.closing(connect(empty_dsn, autocommit=True)) as opened:
        opened.execute(OLDER)
        yield opened


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """The one command, but for --apply."""
    (tmp_path / "rules.json").write_text(json.dumps(DOCUMENT))
    return [
        *("adopt", "badges.earned_badges", "--rename-to=badges_legacy", "--person=user_id"),
        *("--badge=badge", "--earned-at=earned_at", "--person-namespace=app"),
        *("--map=First call=first", f"--rules={tmp_path / 'rules.json'}", "--format=json"),
    ]


def test_the_install_names_the_command(connection: Connection, empty_dsn: str, cli: Cli) -> None:
    for options in ([], ["--plan"]):
        refused = cli("migrate", *options, dsn=empty_dsn)
        assert refused.exit_code == 2
        assert "hold what it did not make" in refused.stderr
        assert "pgmerit adopt badges.earned_badges --rename-to badges_legacy" in refused.stderr
    connection.execute("drop schema badges cascade; create schema badges")
    connection.execute("create function badges.odd() returns int language sql return 1")
    refused = cli("migrate", dsn=empty_dsn)
    assert "rename the schemas badges and badges_internal" in refused.stderr


def test_a_report_says_what_would_be_done_and_does_nothing(
    connection: Connection, empty_dsn: str, cli: Cli, words: list[str]
) -> None:
    told = cli(*words, dsn=empty_dsn)
    assert told.exit_code == 1, told.stderr
    report = json.loads(told.stdout)
    assert [each.partition(" /")[0] for each in report["steps"]] == [
        "rename the schema badges to badges_legacy",
        "migrate",
        "rules apply",
        "adopt badges_legacy.earned_badges",
    ]
    found = {(each["status"], each["subject"]): each["rows"] for each in report["groups"]}
    assert found == {
        ("adopt", "first"): 1,
        ("adopt", "tenth"): 1,
        ("repeated", "first"): 1,
        ("unknown_badge", "unheard of"): 1,
    }
    assert {(each["object"], each["kind"]) for each in report["objects"]} >= {
        ("badges.earned_badges", "table"),
        ("badges.users", "table"),
        ("badges.golden", "view"),
        ("badges.award", "routine"),
        ("badges.kind", "type"),
    }
    assert value(connection, "select count(*) from badges.earned_badges") == 4
    assert value(connection, "select to_regnamespace('badges_internal') is null")
    shown = cli(*words, "--format=table", dsn=empty_dsn)
    assert "1. rename the schema badges to badges_legacy" in shown.stdout
    assert "badges.golden" in shown.stdout


def test_one_command_puts_aside_installs_and_takes_over_wherever_it_was_stopped(
    connection: Connection,
    empty_dsn: str,
    cli: Cli,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop(*given: Any, **named: Any) -> None:
        raise KeyboardInterrupt

    for module, step, said in (
        (schema, "migrate", "the schema badges is now badges_legacy; run the same"),
        (versions, "apply", "stopped: pgmerit is installed; run the same"),
        (moving, "_adopt", "nothing was taken over; run the same"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, step, stop)
            stopped = cli(*words, "--apply", dsn=empty_dsn)
        assert stopped.exit_code == 130
        assert said in stopped.stderr
        report = cli(*words, dsn=empty_dsn)
        assert json.loads(report.stdout)["adopt"] == 2, report.stderr
    told = cli(*words, "--apply", dsn=empty_dsn)
    assert told.exit_code == 1, told.stderr
    ann, ben = (value(connection, "select badges.mentor_id_from('app', %s)", n) for n in "12")
    expected = [
        (ann, "first", "", 1, "import", "2020-05-01 10:00"),
        (ben, "tenth", "", 1, "import", "2020-05-03 10:00"),
    ]
    assert held(connection) == expected
    assert_exact(connection)
    # What stood there stands as it was, with all that hangs on it.
    assert value(connection, "select count(*) from badges_legacy.golden") == 2
    assert len(rows(connection, "select * from badges_legacy.earned_badges")) == 4
    assert_healthy(cli, empty_dsn)
    again = cli(*words, "--apply", dsn=empty_dsn)
    assert json.loads(again.stdout)["held"] == 2
    assert held(connection) == expected
    report = cli(*words, dsn=empty_dsn)
    assert json.loads(report.stdout)["table"] == "badges_legacy.earned_badges"


def test_who_writes_to_the_older_table_is_waited_for_and_named(
    connection: Connection,
    empty_dsn: str,
    cli: Cli,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(older, "_TRIES", 1)
    with contextlib.closing(psycopg.connect(empty_dsn)) as writer:
        writer.execute("select badges.award(1, 'tenth')")
        refused = cli(*words[:-1], "--apply", dsn=empty_dsn)
        assert refused.exit_code == 2
        assert "the older tables are in use; nothing was changed" in refused.stderr
        assert f"process {writer.info.backend_pid}" in refused.stderr
    assert value(connection, "select count(*) from badges.earned_badges") == 4


def test_what_cannot_be_put_aside_is_refused(
    connection: Connection, empty_dsn: str, cli: Cli, words: list[str]
) -> None:
    connection.execute("create schema badges_legacy")
    refused = cli(*words, "--apply", dsn=empty_dsn)
    assert refused.exit_code == 2
    assert 'the schema \\"badges_legacy\\" is there already' in refused.stderr
    for name in ("badges_internal", "x" * 60, ""):
        refused = cli(*words, f"--rename-to={name}", "--apply", dsn=empty_dsn)
        assert "cannot be renamed to" in refused.stderr
    # Plain yoyo's marks say that it is pgmerit's own.
    connection.execute("create table public._yoyo_migration (migration_id text)")
    connection.execute("insert into public._yoyo_migration values ('0001_tables')")
    refused = cli(*words, "--apply", dsn=empty_dsn)
    assert "pgmerit migrate --adopt" in refused.stderr
    assert value(connection, "select count(*) from badges.earned_badges") == 4


def test_a_bad_rule_set_stops_before_anything_is_renamed(
    connection: Connection, empty_dsn: str, cli: Cli, words: list[str], tmp_path: Path
) -> None:
    (tmp_path / "rules.json").write_text('{"version": 1}')
    refused = cli(*words, "--apply", dsn=empty_dsn)
    assert refused.exit_code == 2
    assert value(connection, "select count(*) from badges.earned_badges") == 4
    missing = cli(*words, "--person=nobody", dsn=empty_dsn)
    assert missing.exit_code == 2
