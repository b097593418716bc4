"""docs/upgrade.md: the two ways for a subscriber, on which no trigger of ours fires."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator

import pytest
from pgmerit import database
from pgmerit.database import Connection
from pytest_postgresql.executors import NoopExecutor

from tests.conftest import CliResult, NewDatabase, Server
from tests.engine import activity, apply, assert_exact, awards, insert, rule_set, until, value
from tests.house.sources import ROOT

DOCUMENT = rule_set(
    {
        "first": {"type": "threshold", "activity": "call", "at_least": 1},
        "kinds": {"type": "threshold", "measure": "distinct", "field": "kind", "at_least": 2},
        "daily": {"type": "streak", "unit": "day", "length": 3},
    }
)
EVERYTHING = set(
    re.findall(
        r"badges(?:_internal)?\.\w+",
        (ROOT / "docs/upgrade.md").read_text().partition("create publication")[2].split(";")[0],
    )
)
BUILT = {
    "badges.peer_mentor_stats",
    "badges_internal.stat_elements",
    "badges.earned_badges",
    "badges.award_events",
}


@pytest.fixture
def subscriber(
    server: Server, new_database: NewDatabase, postgresql_noproc: NoopExecutor
) -> Iterator[Connection]:
    with (
        new_database(postgresql_noproc.template_dbname) as name,
        contextlib.closing(database.connect(server.dsn(name), autocommit=True)) as connection,
    ):
        yield connection


def _replicated(publisher: Connection, dsn: str, subscriber: Connection, tables: set[str]) -> None:
    """Write before and while the subscription lasts, and end it when all has arrived."""
    apply(publisher, DOCUMENT)
    insert(publisher, *[activity(f"2026-03-0{n}", attributes={"kind": str(n)}) for n in (1, 3)])
    name = f"pgmerit_{value(subscriber, 'select current_database()')}"
    publisher.execute(f"create publication {name} for table {', '.join(sorted(tables))}".encode())
    # Both are of one cluster: the slot is made apart, else the subscription waits for itself.
    value(publisher, "select pg_create_logical_replication_slot(%s, 'pgoutput')", name)
    with contextlib.ExitStack() as undo:
        undo.callback(_drop_slot, publisher, name)
        subscriber.execute(
            f"create subscription {name} connection '{dsn}'"
            f" publication {name} with (create_slot = false)".encode()
        )
        undo.callback(_drop_subscription, subscriber, name)
        unready = "select count(*) from pg_subscription_rel where srsubstate <> 'r'"
        until(lambda: value(subscriber, unready) == 0)
        insert(publisher, activity("2026-03-02"), activity("2026-03-04"))
        end = value(publisher, "select pg_current_wal_insert_lsn()")
        arrived = (
            "select confirmed_flush_lsn >= %s::pg_lsn from pg_replication_slots"
            " where slot_name = %s"
        )
        until(lambda: bool(value(publisher, arrived, end, name)))


def _drop_subscription(subscriber: Connection, name: str) -> None:
    subscriber.execute(f"alter subscription {name} disable".encode())
    subscriber.execute(f"alter subscription {name} set (slot_name = none)".encode())
    subscriber.execute(f"drop subscription {name}".encode())


def _drop_slot(publisher: Connection, name: str) -> None:
    idle = "select not active from pg_replication_slots where slot_name = %s"
    until(lambda: bool(value(publisher, idle, name)))
    value(publisher, "select pg_drop_replication_slot(%s)", name)


def test_the_snapshot_arrives_as_data(
    connection: Connection, dsn: str, subscriber: Connection
) -> None:
    _replicated(connection, dsn, subscriber, EVERYTHING)
    assert value(subscriber, "select count(*) from badges.activities") == 4
    assert_exact(subscriber)
    assert awards(subscriber) == awards(connection)


def test_the_snapshot_is_rebuilt_on_promotion(
    connection: Connection, dsn: str, subscriber: Connection, cli: Callable[..., CliResult]
) -> None:
    _replicated(connection, dsn, subscriber, EVERYTHING - BUILT)
    assert value(subscriber, "select count(*) from badges.peer_mentor_stats") == 0
    value(subscriber, "select badges.rebuild_stats()")
    assert cli("verify", "--repair", dsn=subscriber.info.dsn).exit_code == 0
    assert_exact(subscriber)
    dated = [(each["badge_definition_id"], each["earned_at"]) for each in awards(connection)]
    assert dated == [
        (each["badge_definition_id"], each["earned_at"]) for each in awards(subscriber)
    ]
    assert len(dated) == 3
