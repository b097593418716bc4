"""Ctrl-C to a real process: exit code 130, one line, and what it says is so."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pgmerit import schema
from pgmerit.database import Connection, connect
from pgmerit.errors import StoppedError
from pgmerit.importing import import_file, moving
from pgmerit.server.processes import process_state
from psycopg.types.json import Jsonb

from tests.conftest import CliResult
from tests.engine import (
    ORG,
    activity,
    apply,
    badge_ids,
    insert,
    person,
    rows,
    rule_set,
    until,
    value,
)

Cli = Callable[..., CliResult]

# A shell that starts its jobs in the background lets them ignore the signal.
_RUN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " from pgmerit.cli import main; main(prog_name='pgmerit')"
)
_WAITING = (
    "select exists (select from pg_stat_activity where datname = current_database()"
    " and application_name = 'pgmerit' and wait_event_type = 'Lock')"
)

# Whom somebody writes for is left to the end.
_ALL_BUT_ONE = "select sum(people) = 1 from badges.list_unfinished_rule_sets()"

PEOPLE = [person(f"mentor {n}") for n in range(12)]
OLD = rule_set({"third": {"type": "threshold", "at_least": 3}})
NEW = rule_set({"third": {"type": "threshold", "at_least": 1}})


@pytest.fixture
def stopped(dsn: str, connection: Connection, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Run a command, stop it once it waits for a lock; gives the exit code and the one line."""

    def stop(*arguments: object, query: str = _WAITING) -> tuple[int, str]:
        surroundings = os.environ | {"PGMERIT_DSN": dsn, "PGMERIT_HOME": str(tmp_path / "home")}
        with subprocess.Popen(
            [sys.executable, "-c", _RUN, *map(str, arguments)],
            env=surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                until(lambda: process.poll() is not None or value(connection, query))
                process.send_signal(signal.SIGINT)
                _, told = process.communicate(timeout=30)
            finally:
                process.kill()
        assert "Traceback" not in told
        line = told.strip().splitlines()[-1]
        assert line.startswith("error: stopped")
        return process.returncode, line.removeprefix("error: ")

    return stop


@pytest.fixture
def peopled(connection: Connection) -> Connection:
    """The old rules, and one activity of everybody."""
    apply(connection, OLD)
    insert(connection, *[activity("2026-01-01", who=who, key="1") for who in PEOPLE])
    return connection


@contextlib.contextmanager
def held(dsn: str, statement: str, *parameters: Any) -> Iterator[None]:
    """Hold what a statement locks until the block ends."""
    with contextlib.closing(connect(dsn)) as holder:
        holder.execute(statement.encode(), parameters)
        yield


_BASE_ROW = "select from badges.peer_mentor_stats where peer_mentor_id = %s for update"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The new rules in a file."""
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(NEW))
    return path


@pytest.mark.parametrize(
    ("arguments", "version"),
    [
        (["rules", "apply", "FILE"], 2),
        (["rules", "configure", "third", "--org", ORG, "--thresholds", "1"], 2),
        (["rules", "rollback", "1"], 3),
        (["rules", "backfill"], 2),
        (["rezone", ORG, "Asia/Tokyo"], 2),
    ],
)
def test_a_stopped_evaluation_is_told_and_seen_until_backfill_ends_it(
    peopled: Connection,
    dsn: str,
    cli: Cli,
    file: Path,
    stopped: Callable[..., tuple[int, str]],
    arguments: list[str],
    version: int,
) -> None:
    if "rollback" in arguments:
        apply(peopled, NEW, allow_revoke=True)
    elif "backfill" in arguments:
        value(peopled, "select badges.configure_badge('third', %s, true, '1')", ORG)
    given = [file if each == "FILE" else each for each in arguments]
    with held(dsn, _BASE_ROW, PEOPLE[5]):
        exit_code, line = stopped(*given, "--batch", 1, query=_ALL_BUT_ONE)
    command = "pgmerit rules backfill --ruleset tests"
    assert exit_code == 130
    assert line == (
        f'stopped: version {version} of "tests" is applied; 1 person waits: `{command}` goes on'
    )

    verified = cli("verify", dsn=dsn)
    assert verified.exit_code == 1
    assert f'waiting: 1 person waits for version {version} of "tests"' in verified.stdout
    assert f"`{command}`" in verified.stdout
    assert "exact" not in verified.stdout
    told = json.loads(cli("verify", "--format", "json", dsn=dsn).stdout)
    assert not told["is_exact"]
    assert [(each["people"], each["command"]) for each in told["waiting"]] == [(1, command)]
    examined = cli("doctor", "--format", "json", dsn=dsn)
    assert examined.exit_code == 1
    (finding,) = [row for row in json.loads(examined.stdout) if row["check"] == "evaluation"]
    assert finding["finding"].startswith(f'1 person waits for version {version} of "tests"')
    assert finding["hint"] == f"Run `{command}`."

    assert cli(*command.split()[1:], dsn=dsn).exit_code == 0
    assert cli("verify", dsn=dsn).exit_code == 0
    assert cli("doctor", dsn=dsn).exit_code == 0


def test_a_change_of_time_zone_under_way_is_told(peopled: Connection, dsn: str, cli: Cli) -> None:
    value(peopled, "select badges.rezone_organization(%s, 'Asia/Tokyo')", ORG)
    under_way = f"and the calendar of {ORG} is being changed"
    assert under_way in cli("doctor", dsn=dsn).stdout
    # Everybody was touched, and yet the change is not over.
    for who in PEOPLE:
        rows(peopled, "select badges.evaluate_badges(%s, %s)", who, ORG)
    told = cli("verify", dsn=dsn)
    assert told.exit_code == 1
    assert f'waiting: 0 people wait for version 2 of "tests", {under_way}' in told.stdout
    assert cli("rules", "backfill", dsn=dsn).exit_code == 0
    assert cli("verify", dsn=dsn).exit_code == 0


def test_who_asked_for_a_place_waits_until_the_places_are_handed_out(
    peopled: Connection, dsn: str, cli: Cli
) -> None:
    limited = {
        "name": "Early",
        "limit": {"first": 20},
        "criteria": {"type": "threshold", "at_least": 1},
    }
    value(peopled, "select badges.apply_rule_set(%s)", Jsonb(rule_set({"early": limited})))
    value(peopled, "select badges.backfill_rule_set('tests', 1)")
    claimant = value(peopled, "select peer_mentor_id from badges_internal.place_claims")
    for who in {*PEOPLE} - {claimant}:
        rows(peopled, "select badges.evaluate_badges(%s, %s)", who, ORG)
    for arguments in (["verify"], ["verify", "--mentor", claimant]):
        told = cli(*arguments, dsn=dsn)
        assert (told.exit_code, told.stdout.partition(" for ")[0]) == (1, "waiting: 1 person waits")
    assert cli("doctor", dsn=dsn).exit_code == 1
    assert badge_ids(peopled, claimant) == []
    assert cli("rules", "backfill", dsn=dsn).exit_code == 0
    assert badge_ids(peopled, claimant) == ["early"]
    assert cli("verify", dsn=dsn).exit_code == 0


def test_one_person_is_told_of_alone(peopled: Connection, dsn: str, cli: Cli) -> None:
    value(peopled, "select badges.configure_badge('third', %s, true, '1')", ORG)
    told = cli("verify", "--mentor", PEOPLE[0], dsn=dsn)
    assert (told.exit_code, told.stdout.partition(" for ")[0]) == (1, "waiting: 1 person waits")
    rows(peopled, "select badges.evaluate_badges(%s, %s)", PEOPLE[0], ORG)
    assert cli("verify", "--mentor", PEOPLE[0], dsn=dsn).exit_code == 0


def test_an_apply_stopped_before_its_version_says_which_one_stands(
    peopled: Connection, dsn: str, file: Path, stopped: Callable[..., tuple[int, str]]
) -> None:
    with held(dsn, "lock table badges.rule_sets in share row exclusive mode"):
        told = stopped("rules", "apply", file)
    assert told == (130, 'stopped: version 1 of "tests" is applied and nobody waits for it')
    assert value(peopled, "select max(version) from badges.rule_sets") == 1


def test_a_stopped_import_says_how_many_rows_are_in(
    peopled: Connection, dsn: str, tmp_path: Path, stopped: Callable[..., tuple[int, str]], cli: Cli
) -> None:
    lines = tmp_path / "lines.csv"
    people = sorted(PEOPLE)
    lines.write_text(
        "peer_mentor_id,org_id,activity_type,occurred_at,idempotency_key\n"
        + "".join(f"{who},{ORG},call,2026-01-02T12:00:00Z,2\n" for who in people)
    )
    count = "select count(*) from badges.activities where idempotency_key = '2'"
    with held(dsn, "lock table badges.activities in share mode"):
        told = stopped("import", lines)
    assert told == (130, "stopped: nothing was imported; run the same import again")
    assert value(peopled, count) == 0
    with held(dsn, _BASE_ROW, people[4]):
        exit_code, line = stopped("import", lines, "--chunk", 1)
    assert exit_code == 130
    assert line.startswith("stopped: 4 of 12 rows are imported; run the same import again: ")
    assert value(peopled, count) == 4
    again = cli("import", lines, "--format", "json", dsn=dsn)
    assert json.loads(again.stdout)["imported"] == 8


@pytest.mark.parametrize("is_answering", [False, True])
def test_an_import_stopped_right_after_its_commit_says_that_all_is_in(
    peopled: Connection, monkeypatch: pytest.MonkeyPatch, is_answering: bool
) -> None:
    def commit_and_stop(work: Callable[[], None]) -> None:
        work()
        if is_answering:
            peopled.pgconn.send_query(b"select 1")
        raise KeyboardInterrupt

    monkeypatch.setattr(moving, "retry", commit_and_stop)
    line = f"{PEOPLE[0]},{ORG},call,2026-01-02T12:00:00Z\n"
    source = io.BytesIO(f"peer_mentor_id,org_id,activity_type,occurred_at\n{line}{line}".encode())
    with pytest.raises(StoppedError, match="all 2 rows are imported"):
        import_file(peopled, source, "lines")


def test_a_stopped_repair_says_how_many_people_are_mended(
    peopled: Connection, dsn: str, stopped: Callable[..., tuple[int, str]], cli: Cli
) -> None:
    peopled.execute("update badges.peer_mentor_stats set value_sum = 7 where stat = '*'")
    with held(dsn, _BASE_ROW, sorted(PEOPLE)[3]):
        exit_code, line = stopped("verify", "--repair")
    assert exit_code == 130
    assert line == (
        "stopped: 3 of 12 people are repaired, one more perhaps; `pgmerit verify --repair` goes on"
    )
    assert cli("verify", "--repair", dsn=dsn).exit_code == 0


def test_a_stopped_verify_ends_its_sessions(
    peopled: Connection, dsn: str, stopped: Callable[..., tuple[int, str]]
) -> None:
    peopled.execute(  # more than one session looks at alone
        "insert into badges.earned_badges (peer_mentor_id, badge_definition_id, org_id, earned_at,"
        " granted_at, idempotency_key, source) select gen_random_uuid(), 'first', %s, now(), now(),"
        " n::text, 'manual' from generate_series(0, 5000) as n",
        (ORG,),
    )
    with held(dsn, "lock table badges_internal.stat_definitions in access exclusive mode"):
        assert stopped("verify") == (130, "stopped before it was done")
        until(lambda: not value(peopled, _WAITING))


def test_a_stopped_demo_says_how_it_is_run_anew(
    dsn: str, stopped: Callable[..., tuple[int, str]], connection: Connection
) -> None:
    name = connection.info.dbname
    with held(dsn, "lock table badges.activities in share mode"):
        told = stopped("demo", "--scale", 0.01, "--into", name)
    assert told == (
        130,
        f"stopped: the demo is not finished; `pgmerit demo --into {name}` runs it anew",
    )


def test_any_other_command_that_is_stopped_says_so(
    dsn: str, connection: Connection, stopped: Callable[..., tuple[int, str]]
) -> None:
    connection.execute("select pg_advisory_lock(%s)", (schema.LOCK_KEY,))
    polls = (
        "select exists (select from pg_stat_activity where datname = current_database()"
        " and application_name = 'pgmerit' and query ~ 'pg_try_advisory_lock'"
        " and pid <> pg_backend_pid())"
    )
    assert stopped("migrate", query=polls) == (130, "stopped before it was done")


def test_a_question_that_is_not_answered_is_a_stop_too(dsn: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _RUN, "migrate", "--down", "--dsn", dsn],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr
        asked = ""
        while not asked.endswith("[y/N]: "):
            asked += process.stderr.read(1) or pytest.fail(asked)
        # A signal just before it waits for the answer is seen after that; an end of its input would
        # be an answer.
        until(lambda: (process_state(process.pid) or ("", ""))[1] == "S")
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        told = process.stderr.read()
    assert (process.returncode, told.split("error: ")[-1]) == (130, "stopped before it was done\n")
    assert schema.migrate(dsn).is_empty()
