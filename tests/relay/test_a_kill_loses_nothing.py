"""kill -9 of a real relay at each point of a delivery, and its clean ends."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pgmerit.database import Connection

from tests.conftest import CliResult
from tests.engine import (
    activity,
    apply,
    insert,
    person,
    rows,
    rule_set,
    until,
    value,
)
from tests.relay.conftest import NewReceiver
from tests.relay.receiver import Exchange, answers, breaks_off, hangs_up

Cli = Callable[..., CliResult]
PEOPLE = [person(f"mentor {n}") for n in range(5)]
# A shell that starts its jobs in the background lets them ignore the signal.
_RUN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " from pgmerit.cli import main; main(prog_name='pgmerit')"
)


@pytest.fixture
def awarded(connection: Connection) -> Connection:
    """A database in which five people have just earned a badge."""
    apply(connection, rule_set({"first": {"type": "threshold", "at_least": 1}}))
    insert(connection, *[activity("2026-03-01", who=who) for who in PEOPLE])
    return connection


@pytest.fixture
def start(dsn: str, secret_file: Path, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Start a relay as a process of its own."""
    surroundings = os.environ | {"PGMERIT_DSN": dsn, "PGMERIT_HOME": str(tmp_path / "home")}
    with contextlib.ExitStack() as started:

        def run(url: str, *more: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-c", _RUN, "relay", *options(url, secret_file), *more],
                env=surroundings,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            started.enter_context(process)
            started.callback(process.kill)
            return process

        yield run


def options(url: str, secret_file: Path) -> list[str]:
    return [
        *("--to", url, "--secret-file", str(secret_file), "--allow-network", "127.0.0.0/8"),
        *("--workers", "1", "--timeout", "10"),
    ]


# While one is sent, the others are claimed and not sent yet.
@pytest.mark.parametrize("point", ["while one is sent", "before the mark"])
def test_nothing_is_lost_and_doubles_carry_their_id(
    awarded: Connection,
    connect: Callable[..., Connection],
    start: Callable[..., Any],
    cli: Cli,
    dsn: str,
    new_receiver: NewReceiver,
    secret_file: Path,
    point: str,
) -> None:
    holder = connect(autocommit=False)

    def take(exchange: Exchange) -> Any:
        if point == "before the mark":
            holder.execute("select from badges_internal.event_queue for update")
            answers(200)(exchange)
            return True
        exchange.connection.recv(1)  # ends when the relay does
        return False

    app = new_receiver(take)
    relay = start(app.url())
    until(lambda: app.requests)
    if point == "before the mark":
        until(
            lambda: value(
                awarded,
                "select exists (select from pg_stat_activity where wait_event_type = 'Lock'"
                " and datname = current_database() and query like '%%settle_events%%')",
            )
        )
    assert value(awarded, "select count(*) from badges_internal.event_queue") == len(PEOPLE)
    relay.kill()
    relay.wait()
    holder.rollback()
    until(lambda: not app.open)
    sent = app.ids()
    assert point == "before the mark" or len(sent) == 1

    awarded.execute(
        "update badges_internal.event_queue"
        " set leased_until = now(), due_at = now() where leased_until is not null"
    )
    app.behave = answers(200)
    done = cli("relay", *options(app.url(), secret_file), "--once", dsn=dsn)
    assert done.exit_code == 0, done.stderr
    assert len(set(app.ids())) == len(PEOPLE)
    assert sorted(app.ids()) == sorted([*set(app.ids()), *sent])  # nothing else came twice
    assert len({(each.id, each.body) for each in app.requests}) == len(PEOPLE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_delivery_end_and_gives_the_rest_back(
    awarded: Connection, start: Callable[..., Any], new_receiver: NewReceiver, number: int
) -> None:
    relay: Any = None

    def take(exchange: Exchange) -> Any:
        relay.send_signal(number)
        # The relay is ending once it has given back what it had claimed beside this.
        until(
            lambda: value(
                awarded,
                "select count(*) = 1 from badges_internal.event_queue where leased_until > now()",
            )
        )
        return answers(200)(exchange)

    app = new_receiver(take)
    relay = start(app.url(), "--format", "json")
    out, told = relay.communicate(timeout=30)
    assert "Traceback" not in told
    assert len(app.requests) == 1
    if number == signal.SIGTERM:
        assert relay.returncode == 0
        (counted,) = json.loads(out)
        assert (counted["delivered"], counted["failed"], counted["dead"]) == (1, 0, 0)
    else:
        assert relay.returncode == 130
        assert "stopped: 4 events wait for delivery; `pgmerit relay` goes on" in told
    (left,) = rows(
        awarded,
        "select count(*) as n, count(leased_until) as leased, max(attempts) as attempts"
        " from badges_internal.event_queue",
    )
    assert (left["n"], left["leased"], left["attempts"]) == (4, 0, 0)


@pytest.mark.soak
def test_a_storm_of_kills_and_failures_loses_nothing(
    awarded: Connection,
    start: Callable[..., Any],
    cli: Cli,
    dsn: str,
    new_receiver: NewReceiver,
    secret_file: Path,
) -> None:
    chance = random.Random(8)
    ways = [answers(200)] * 12 + [
        answers(500),
        answers(429, "Retry-After: 1"),
        hangs_up,
        breaks_off,
    ]
    app = new_receiver(lambda exchange: chance.choice(ways)(exchange))
    ends_at = time.monotonic() + int(os.environ.get("SOAK_SECONDS", "600"))
    expire = (
        "update badges_internal.event_queue"
        " set leased_until = null, due_at = now() where dead_at is null"
    )
    sessions = "select count(*) from pg_stat_activity where datname = current_database()"
    strangers = map(person, map(str, itertools.count()))
    while time.monotonic() < ends_at:
        relays = [start(app.url()), start(app.url())]
        lives_until = time.monotonic() + chance.uniform(0.5, 3)
        while time.monotonic() < lives_until:
            insert(awarded, *[activity("2026-03-01", who=next(strangers)) for _ in range(20)])
        for each in relays:
            each.kill()
            each.wait()
        # A session outlives its client by the statement that it runs.
        until(lambda: value(awarded, sessions) == 1)
        awarded.execute(expire)
    app.behave = answers(200)
    awarded.execute(expire)
    assert cli("relay", *options(app.url(), secret_file), "--once", dsn=dsn).exit_code == 0
    told = {
        each["id"]
        for each in rows(awarded, "select 'evt_' || event_id as id from badges.award_events")
    }
    assert set(app.ids()) == told
    assert len({(each.id, each.body) for each in app.requests}) == len(told)
