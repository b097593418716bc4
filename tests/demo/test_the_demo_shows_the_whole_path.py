from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pgmerit import routines
from pgmerit.database import Connection
from pgmerit.demo import scenes
from pgmerit.demo.generator import PROTAGONIST
from pgmerit.demo.webhook import delivering
from pgmerit.errors import PgmeritError
from pgmerit.importing import Correction, apply_corrections
from pgmerit.rules import versions
from psycopg import sql
from psycopg.conninfo import make_conninfo

Cli = Callable[..., Any]
SMALL = ("--scale", "0.02", "--seed", "3")


@pytest.fixture
def own_name(monkeypatch: pytest.MonkeyPatch, server: Any, worker_id: str) -> Iterator[str]:
    """Let the demo's own database have a name of this worker, and drop it afterwards."""
    name = f"pgmerit_demo_{worker_id}"
    monkeypatch.setattr(scenes, "DATABASE", name)
    yield name
    with psycopg.connect(server.admin_dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        )


def _steps(result: Any) -> dict[str, Any]:
    return {step["name"]: step["data"] for step in json.loads(result.stdout)["steps"]}


def _run_as_printed(cli: Cli, told: str, count: int, **where: Any) -> None:
    """Run each command that the demo ends with, as it stands."""
    commands = re.findall(r"^  .*?\b(mentor .*)$", told, re.M)
    assert len(commands) == count
    for command in commands:
        result = cli(*shlex.split(command), **where)
        assert result.exit_code == 0, (command, result.stderr)


def test_every_step_in_a_database_of_its_own_and_again(
    cli: Cli, server: Any, own_name: str
) -> None:
    result = cli("demo", *SMALL, "--format", "json", dsn=server.dsn())
    assert result.exit_code == 0, result.stderr
    steps = _steps(result)
    assert [applied["changed"] for applied in steps["rules"]] == [True, True]
    assert steps["import"]["imported"] == steps["import"]["read"] - steps["import"]["duplicates"]
    assert steps["import"]["duplicates"] > 0
    awarded = {(row["org_id"], row["badge_definition_id"]) for row in steps["awards"]}
    assert ("study", "50_xp") in awarded
    assert {org_id for org_id, _ in awarded} == {"hlf", "nhf", "blindeforbundet", "study"}
    assert steps["mentor"]["explanation"]["verdict"] == "partly earned"
    recorded, replayed = steps["replay"]
    badges = [(b["badge_definition_id"], b["tier"]) for b in recorded["new_badges"]]
    assert ("honorar", "second") in badges
    assert replayed["duplicate"] is True
    assert replayed["new_badges"] == []
    assert [message["type"] for message in steps["webhook"]] == ["badge.awarded"]
    assert steps["webhook"][0]["data"]["badge_definition_id"] == "honorar"
    assert steps["corrections"]["updated"] > 0
    dedupe = steps["dedupe"]
    assert dedupe["removed into the archive"] >= dedupe["duplicates found"] > 0
    assert dedupe["refused by the constraint"] > 0
    assert dedupe["longest wait of the writer, ms"] < 1500
    assert steps["adopt"]["adopted"] > 0
    assert [g["subject"] for g in steps["adopt"]["groups"] if g["status"] == "unknown_badge"] == [
        "beta-tester"
    ]
    assert steps["verify"] == {"is_exact": True, "differences": []}
    page = Path(steps["report"]).read_text()
    assert "Norges Blindeforbund" in page
    assert "0 differences between awards and activities" in page
    # Again, in words: the database is made anew.
    result = cli("demo", *SMALL, dsn=server.dsn())
    assert result.exit_code == 0, result.stderr
    for title in (
        "Rule sets applied",
        "The year imported",
        "Awards by badge and organization",
        "One mentor: Solfrid of blindeforbundet",
        "Why not yet?",
        "replayed: duplicate true, new badges: none",
        "badge.awarded, Second honorarium",
        "removed into the archive",
        "left out: 1 rows, unknown_badge beta-tester",
        "exact: snapshot and awards are what the activities say",
        f"open it in a browser: {steps['report']}",
        "How long it took",
    ):
        assert title in result.stdout
    _run_as_printed(cli, result.stderr, 2)


def test_a_database_that_the_demo_did_not_make_is_left_alone(
    cli: Cli, server: Any, own_name: str
) -> None:
    with psycopg.connect(server.admin_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(own_name)))
    result = cli("demo", *SMALL, dsn=server.dsn())
    assert result.exit_code == 2
    assert "was not made by the demo" in result.stderr
    assert f"--into {own_name}" in result.stderr
    with psycopg.connect(server.dsn(own_name)) as connection:
        assert connection.execute("select to_regnamespace('badges')").fetchone() == (None,)


def test_into_an_existing_database_replays_and_changes_nothing(
    cli: Cli, server: Any, dsn: str, connection: Connection
) -> None:
    name = connection.info.dbname
    first = _steps(cli("demo", *SMALL, "--into", name, "--format", "json", dsn=server.dsn()))
    second = _steps(cli("demo", *SMALL, "--into", name, "--format", "json", dsn=server.dsn()))
    assert first["import"]["imported"] > 1_000
    # Rows that a correction took away come back and are taken away again.
    assert second["import"]["imported"] == first["corrections"]["deleted"]
    assert second["corrections"] == first["corrections"]
    assert second["replay"][0]["duplicate"] is True
    assert second["verify"]["is_exact"] is True
    result = cli("demo", "--into", "no_such_database", dsn=server.dsn())
    assert result.exit_code == 2
    assert "no_such_database" in result.stderr


def test_without_a_server_the_embedded_one_runs_for_the_demo(
    monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    from contextlib import contextmanager
    from types import SimpleNamespace

    from pgmerit.cli import demo as command
    from pgmerit.server.persistent import PersistentServer

    asked: list[str] = []

    @contextmanager
    def attached(home: Any) -> Iterator[Any]:
        asked.append("started")
        yield SimpleNamespace(dsn=PersistentServer(home).dsn)
        asked.append("stopped")

    monkeypatch.setattr(command, "attached_server", attached)
    made = "pgmerit_demo"
    monkeypatch.setattr(scenes, "make_database", lambda dsn, into: make_conninfo(dsn, dbname=made))
    monkeypatch.setattr(
        scenes, "run", lambda *arguments: iter([scenes.Step("verify", "Verified", 0.1, [])])
    )
    result = cli("demo")
    assert result.exit_code == 0
    assert asked == ["started", "stopped"]
    # It does not run any more, so the first thing to do is to start it.
    assert re.search(r"^  .*pgmerit db start\n  .*pgmerit mentor show ", result.stderr, re.M)


def test_an_unreadable_connection_string_starts_no_server(cli: Cli) -> None:
    result = cli("demo", dsn="nonsense nonsense")
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr


def test_corrections_move_rows_by_the_local_clock(connection: Connection) -> None:
    for name in scenes.RULE_SETS:
        versions.apply(connection, versions.check_file(_path(name))[0])
    person = PROTAGONIST.peer_mentor_id
    for day in range(1, 4):
        routines.record_activity(
            connection,
            person,
            "hlf",
            "assignment",
            occurred_at=datetime(2026, 3, 27, 17, tzinfo=UTC) + timedelta(days=day),
            idempotency_key=f"k{day}",
        )
    mended = [
        Correction("update", person, "hlf", "k1", activity_date="2026-04-02", quantity="2.5"),
        Correction("update", person, "hlf", "k2", activity_type="call"),
        Correction("delete", person, "hlf", "k3"),
        Correction("delete", person, "hlf", "unknown"),
    ]
    assert apply_corrections(connection, mended) == {"updated": 2, "deleted": 1}
    rows = connection.execute(
        "select activity_type, occurred_at, activity_date, quantity from badges.activities"
        " order by idempotency_key"
    ).fetchall()
    assert [tuple(row.values()) for row in rows] == [
        # 18:00 in Norway, before and after summer time began.
        ("assignment", datetime(2026, 4, 2, 16, tzinfo=UTC), date(2026, 4, 2), 2.5),
        ("call", datetime(2026, 3, 29, 17, tzinfo=UTC), date(2026, 3, 29), 0),
    ]
    assert not routines.verify_stats(connection)
    assert not routines.verify_awards(connection)


def test_the_demos_rule_sets_are_valid_and_name_no_badge_twice() -> None:
    badges: list[str] = []
    for name in scenes.RULE_SETS:
        document, problems = versions.check_file(_path(name))
        assert problems == []
        assert not versions.warnings(document.value)
        badges += document.value["badges"]
    assert len(badges) == len(set(badges)) >= 24


def test_a_database_name_that_is_not_there_is_an_error(server: Any) -> None:
    with pytest.raises(PgmeritError):
        scenes.make_database(server.dsn(), into="no_such_database")


def _path(name: str) -> str:
    from importlib.resources import files

    return str(files("pgmerit.demo") / "rule_sets" / f"{name}.yaml")


def test_a_stop_in_the_middle_of_an_answer_is_a_stop(connection: Connection, dsn: str) -> None:
    def stop() -> None:
        connection.pgconn.send_query(b"select 1")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), delivering(connection, dsn):
        stop()
