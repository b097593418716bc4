"""Kill a sweep wherever it writes: run again, it leaves what one that nobody disturbed leaves."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from pgmerit import routines, schema
from pgmerit.database import Connection
from pgmerit.database import connect as connect_to
from pgmerit.errors import PgmeritError
from pgmerit.server.attached import attached_server

from tests import engine

PEOPLE = sorted(engine.person(f"mentor {n}") for n in range(12))
BADGES = {
    "months": {"type": "tenure", "months": 1, "repeat": {"max": 12}},
    "lately": {
        "name": "lately",
        "criteria": {"type": "threshold", "at_least": 2, "window": {"last_days": 7}},
        "on_unmet": "lapse",
    },
    "active": {
        "name": "active",
        "criteria": {"type": "streak", "unit": "day", "length": 2},
        "on_unmet": "lapse",
    },
    "keen": {
        "name": "keen",
        "criteria": {"type": "badges_earned", "badges": ["lately", "months"], "at_least": 2},
        "on_unmet": "lapse",
    },
}
# What another session holds where a sweep shall wait: how far it has come by then.
_LAST = f"peer_mentor_id = '{PEOPLE[-1]}'"
MOMENTS = {
    "nothing": f"select from badges.peer_mentor_stats where {_LAST} and stat = '*' for update",
    "noted": "lock table badges.earned_badges in share mode",
    "awarded": "lock table badges.award_events in share mode",
    "lapsing": f"select from badges.earned_badges where {_LAST}"
    " and badge_definition_id = 'lately' for update",
}
KEPT = (
    "select peer_mentor_id, org_id, badge_definition_id, tier, occurrence, earned_at, source,"
    " revoked_at, revoked_by from badges.earned_badges order by 1, 2, 3, 4, 5",
    "select peer_mentor_id, badge_definition_id, occurrence, event_type, source, details,"
    " count(*) from badges.award_events group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 6",
    "select * from badges_internal.due_people order by peer_mentor_id, org_id",
)


def kept(connection: Connection) -> list[list[engine.Row]]:
    """Read what a sweep writes."""
    return [engine.rows(connection, query) for query in KEPT]


def let_fall_due(connection: Connection, month: int) -> datetime:
    """Have two days of activities in a month; gives when a tenure and two lapses are due."""
    days = [engine.moment(f"2025-{month:02}-05") + timedelta(days=n) for n in range(2)]
    engine.insert(
        connection,
        *[
            engine.activity(at, who=who)
            for n, who in enumerate(PEOPLE)
            for at in days[n % 3 == 0 :]
        ],
    )
    return engine.moment(f"2025-{month + 1:02}-05")


def undisturbed(connection: Connection, as_of: datetime) -> list[list[engine.Row]]:
    """Give what a sweep leaves when nothing happens to it; it is rolled back."""
    with connection.transaction(force_rollback=True):
        routines.award_due_badges(connection, as_of)
        left = kept(connection)
    lapsed = [each for each in left[1] if each["event_type"] == "lapsed"]
    assert len(lapsed) > len(PEOPLE), "nothing lapses"
    return left


def wait_for_a_sweep(connection: Connection) -> int:
    """Give the backend of a sweep that waits for the other session."""
    found: list[engine.Row] = []

    def waits() -> bool:
        found[:] = engine.rows(
            connection,
            "select pid from pg_stat_activity where query ~ 'award_due_badges'"
            " and datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0",
        )
        return bool(found)

    engine.until(waits)
    return int(found[0]["pid"])


def assert_done(connection: Connection, as_of: datetime, wanted: list[list[engine.Row]]) -> None:
    """Sweep again, twice: all is there, once."""
    for _ in range(2):
        routines.award_due_badges(connection, as_of)
        assert kept(connection) == wanted
    engine.assert_exact(connection)


def kill_client(connection: Connection, dsn: str, as_of: datetime) -> None:
    """Kill the command while its sweep waits."""
    command = [sys.executable, "-m", "pgmerit", "sweep", "--as-of", as_of.isoformat()]
    with subprocess.Popen(command, env=os.environ | {"PGMERIT_DSN": dsn}) as process:
        wait_for_a_sweep(connection)
        process.send_signal(signal.SIGKILL)


def kill_backend(connection: Connection, dsn: str, as_of: datetime) -> None:
    """End the session while its sweep waits."""
    with contextlib.closing(connect_to(dsn, autocommit=True)) as lost:
        sweep = engine.in_background(lambda: routines.award_due_badges(lost, as_of))
        pid = wait_for_a_sweep(connection)
        engine.value(connection, "select pg_terminate_backend(%s)", pid)
        with pytest.raises((psycopg.Error, PgmeritError)):
            sweep.result(20)


@pytest.mark.parametrize(
    ("kill", "moments"),
    [(kill_client, ["lapsing"]), (kill_backend, list(MOMENTS))],
    ids=["client", "backend"],
)
def test_a_killed_sweep_is_done_again(
    connection: Connection,
    connect: Callable[..., Connection],
    dsn: str,
    kill: Callable[[Connection, str, datetime], None],
    moments: list[str],
) -> None:
    engine.apply(connection, engine.rule_set(BADGES))
    other = connect(autocommit=False)
    for month, moment in enumerate(moments, 1):
        as_of = let_fall_due(connection, month)
        before, wanted = kept(connection), undisturbed(connection, as_of)
        other.execute(MOMENTS[moment].encode())
        kill(connection, dsn, as_of)
        assert kept(connection) == before
        other.rollback()
        # Nobody tells a backend that its client is gone: it ends what it does.
        engine.until(
            lambda: (
                not engine.rows(
                    connection,
                    "select from pg_stat_activity where query ~ 'award_due_badges'"
                    " and datname = current_database() and pid <> pg_backend_pid()",
                )
            )
        )
        assert kept(connection) == (wanted if kill is kill_client else before)
        assert_done(connection, as_of, wanted)


def test_a_sweep_that_dies_with_its_server_is_done_again(home: Path) -> None:
    bindir = os.environ.get("TEST_PG_BINDIR")
    # A killed process loses nothing that the system holds; only the log must be written first.
    settings = {"synchronous_commit": "on"}
    with attached_server(home, bindir, settings, durable=False) as cluster:
        cluster.create_database("killed")
        dsn = cluster.dsn("killed")
        schema.migrate(dsn)
        with (
            contextlib.closing(connect_to(dsn, autocommit=True)) as connection,
            contextlib.closing(connect_to(dsn)) as other,
            contextlib.closing(connect_to(dsn, autocommit=True)) as lost,
        ):
            engine.apply(connection, engine.rule_set(BADGES))
            as_of = let_fall_due(connection, 1)
            before, wanted = kept(connection), undisturbed(connection, as_of)
            other.execute(MOMENTS["lapsing"].encode())
            sweep = engine.in_background(lambda: routines.award_due_badges(lost, as_of))
            wait_for_a_sweep(connection)
            pid = cluster.server_pid()
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            with pytest.raises((psycopg.Error, PgmeritError)):
                sweep.result(20)
            engine.until(lambda: not cluster.is_running())
    with (
        attached_server(home, bindir, settings, durable=False) as cluster,
        contextlib.closing(connect_to(cluster.dsn("killed"), autocommit=True)) as connection,
    ):
        assert kept(connection) == before
        assert_done(connection, as_of, wanted)
