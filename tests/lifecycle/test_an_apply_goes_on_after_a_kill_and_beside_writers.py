"""rules apply: killed and run again, or with writers all the while, everybody is evaluated once."""

from __future__ import annotations

import os
import pty
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pgmerit import routines
from pgmerit.database import Connection, connect
from pgmerit.rules import versions

from tests.engine import (
    ORG,
    activity,
    apply,
    assert_exact,
    insert,
    moment,
    person,
    rows,
    rule_set,
    until,
    value,
)

PEOPLE = [person(f"mentor {n}") for n in range(120)]
OLD = rule_set({"third": {"type": "threshold", "at_least": 3}})
NEW = rule_set(
    {
        "third": {"type": "threshold", "at_least": 2},
        "busy": {"type": "threshold", "where": {"place": "home"}, "at_least": 2},
        "streak": {"type": "streak", "unit": "day", "length": 2},
        "collector": {"type": "badges_earned", "badges": ["busy", "streak"], "at_least": 1},
    }
)


def write_some(connection: Connection, chance: random.Random, number: int) -> None:
    """Insert activities of a few people, late ones among them."""
    insert(
        connection,
        *[
            activity(
                moment("2026-01-01") + timedelta(hours=chance.randrange(1000)),
                who=chance.choice(PEOPLE),
                attributes={"place": chance.choice(("home", "office"))},
            )
            for _ in range(number)
        ],
    )


@pytest.fixture
def peopled(connection: Connection) -> Connection:
    """The old rules, and some activities of everybody."""
    apply(connection, OLD)
    write_some(connection, random.Random(7), 500)
    return connection


@contextmanager
def running(
    file: Path, dsn: str, tmp_path: Path, batch: int = 1
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `rules apply` in a process of its own, one person a transaction."""
    command = [sys.executable, "-m", "pgmerit", "rules", "apply", str(file), "--batch", str(batch)]
    surroundings = os.environ | {"PGMERIT_DSN": dsn, "PGMERIT_HOME": str(tmp_path / "home")}
    with subprocess.Popen(
        command, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def waiting(connection: Connection) -> int:
    """Count whom the current version has not seen."""
    found: int = value(connection, "select badges.backfill_rule_set('tests', 0)")["remaining"]
    return found


def assert_backfilled_quietly(connection: Connection) -> None:
    """Hold what the backfill gave: its source, and that it is not delivered."""
    told = rows(
        connection,
        "select source, is_delivered_by_default as is_delivered, count(*) as count"
        " from badges.award_events where event_type = 'awarded' group by 1, 2 order by 1",
    )
    assert {(each["source"], each["is_delivered"]) for each in told} == {
        ("backfill", False),
        ("rule", True),
    }
    assert sum(each["count"] for each in told) == value(
        connection, "select count(*) from badges.earned_badges"
    )


@pytest.mark.parametrize("victim", ["client", "backend"])
def test_a_killed_apply_is_taken_up_by_the_next(
    peopled: Connection, dsn: str, cli: Any, written: Any, tmp_path: Path, victim: str
) -> None:
    file = written(NEW)
    everybody = value(peopled, "select count(distinct peer_mentor_id) from badges.activities")
    with running(file, dsn, tmp_path) as process:
        until(
            lambda: (
                value(peopled, "select max(version) from badges.rule_sets") == 2
                and 0 < waiting(peopled) < everybody
            )
        )
        if victim == "client":
            process.send_signal(signal.SIGKILL)
        else:
            # Between two statements of the client, or in the middle of one.
            peopled.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        assert process.wait(20) == (-signal.SIGKILL if victim == "client" else 2)
    # A backend ends the statement it was in before it sees that its client is gone.
    until(
        lambda: (
            not rows(
                peopled,
                "select from pg_stat_activity where datname = current_database()"
                " and backend_type = 'client backend' and pid <> pg_backend_pid()",
            )
        )
    )
    left = waiting(peopled)
    assert 0 < left < everybody
    again = cli("rules", "apply", file, "--format=json", dsn=dsn)
    assert again.exit_code == 0, again.stderr
    assert f'"evaluated": {left}' in again.stdout
    assert again.stderr == "unchanged: this document is version 2 already\n"
    assert waiting(peopled) == 0
    assert_exact(peopled)
    assert_backfilled_quietly(peopled)


class Writers:
    """Threads that write until the block ends."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.stopping = threading.Event()
        self.failures: list[BaseException] = []
        self.written = 0
        self.threads = [threading.Thread(target=self._write, args=(n,)) for n in range(2)]

    def __enter__(self) -> Writers:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join(20)
        assert self.failures == []

    def go_on(self) -> None:
        """Wait until some more was written."""
        enough = self.written + 5
        until(lambda: self.written > enough)

    def _write(self, number: int) -> None:
        chance = random.Random(number)
        try:
            with connect(self.dsn, autocommit=True) as connection:
                while not self.stopping.is_set():
                    write_some(connection, chance, 1)
                    self.written += 1
        except BaseException as error:
            self.failures.append(error)


def test_writers_run_all_the_while_and_everything_is_exact(
    peopled: Connection, dsn: str, connect: Callable[..., Connection]
) -> None:
    applying = connect()
    with Writers(dsn) as writers:
        writers.go_on()
        for document in (NEW, OLD, NEW):
            versions.apply(applying, document, batch=10)
            writers.go_on()
    assert waiting(peopled) == 0
    assert_exact(peopled)
    assert_backfilled_quietly(peopled)
    # Each award was made under a version by whose rules the badge is there.
    wrong = rows(
        peopled,
        "select earned.badge_definition_id, earned.rule_set_version, earned.threshold"
        " from badges.earned_badges as earned"
        " join badges.rule_sets as applied"
        " on applied.rule_set = earned.rule_set and applied.version = earned.rule_set_version"
        " where applied.document #> array['badges', earned.badge_definition_id] is null"
        " or earned.badge_definition_id = 'third' and earned.threshold <>"
        " (applied.document #> '{badges,third,criteria,at_least}')::numeric",
    )
    assert wrong == []
    version_count = value(
        peopled, "select count(distinct rule_set_version) from badges.earned_badges"
    )
    assert version_count > 1


def test_an_apply_ends_with_the_batch_that_meets_the_last(
    peopled: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call with nobody left reads all awards, for who holds some without an activity."""
    met: list[int] = []
    backfill = routines.backfill_rule_set

    def counted(*given: Any, **more: Any) -> dict[str, Any]:
        step = backfill(*given, **more)
        met.append(step["evaluated"])
        return step

    monkeypatch.setattr(routines, "backfill_rule_set", counted)
    everybody = value(peopled, "select count(distinct peer_mentor_id) from badges.activities")
    versions.apply(peopled, NEW, batch=30)
    asked, *batches = met
    assert asked == 0
    assert sum(batches) == everybody
    assert all(batches)
    assert_exact(peopled)


def test_a_pipe_sees_no_bar_and_a_terminal_sees_rate_and_time_left(
    peopled: Connection, dsn: str, written: Any, tmp_path: Path
) -> None:
    with running(written(NEW), dsn, tmp_path, batch=20) as process:
        _, told = process.communicate(timeout=60)
        assert (process.returncode, told) == (0, b"")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pgmerit", "rules", "apply", str(written(OLD))]
    surroundings = os.environ | {
        "PGMERIT_DSN": dsn,
        "PGMERIT_HOME": str(tmp_path / "home"),
        "TERM": "xterm",
        "COLUMNS": "120",
    }
    with subprocess.Popen(
        [*command, "--batch", "20"], env=surroundings, stdout=subprocess.DEVNULL, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b""))
        assert process.wait(60) == 0
    os.close(ours)
    assert b"Evaluating people" in shown
    assert b"/s " in shown
    assert ORG.encode() not in shown


def _read(descriptor: int) -> bytes:
    """Read from a terminal; nothing once the other side has gone."""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


def test_evaluation_left_by_others_is_taken_up_by_backfill(
    peopled: Connection, dsn: str, cli: Any
) -> None:
    value(peopled, "select badges.configure_badge('third', %s, true, '2')", ORG)
    assert waiting(peopled) > 0
    begun = time.monotonic()
    done = cli("rules", "backfill", "--format=json", dsn=dsn)
    assert done.exit_code == 0, done.stderr
    assert time.monotonic() - begun < 30
    assert waiting(peopled) == 0
    assert_exact(peopled)
