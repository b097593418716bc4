"""NOTIFY: a wake-up without data, at most one a transaction, that can be switched off."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from pgmerit import database, routines, schema
from pgmerit.database import Connection
from pgmerit.server.attached import attached_server
from psycopg import Notify

from tests.engine import BEN, value
from tests.events.feed import drain, tell

LASTING = True

Connect = Callable[..., Connection]


def heard(listener: Connection, timeout: float = 0) -> list[Notify]:
    value(listener, "select 1")
    return list(listener.notifies(timeout=timeout, stop_after=1))


@pytest.fixture
def listener(connection: Connection, connect: Connect) -> Connection:
    listening = connect()
    listening.execute("listen pgmerit_events")
    return listening


def test_one_comes_a_transaction_and_carries_nothing(
    connection: Connection, listener: Connection
) -> None:
    routines.set_setting(connection, "notify_events", True)
    routines.register_consumer(connection, "mailer")
    with connection.transaction():
        tell(connection, count=3)
        tell(connection, BEN)
        assert heard(listener) == []
    (told,) = heard(listener, 5)
    assert (told.channel, told.payload) == ("pgmerit_events", "")
    with connection.transaction(force_rollback=True):
        tell(connection)
    assert heard(listener) == []


def test_none_comes_where_nobody_consumes(connection: Connection, listener: Connection) -> None:
    routines.set_setting(connection, "notify_events", True)
    tell(connection)
    assert heard(listener) == []


@pytest.mark.parametrize("is_set", [True, False])
def test_none_comes_when_switched_off_or_where_it_could_make_a_commit_fail(
    connection: Connection, listener: Connection, is_set: bool
) -> None:
    """The tests' server knows PREPARE TRANSACTION, which refuses who has notified."""
    if is_set:
        routines.set_setting(connection, "notify_events", False)
    routines.register_consumer(connection, "mailer")
    told = tell(connection)
    assert heard(listener) == []
    assert drain(connection) == told


def _open_to_all(folder: str) -> Path:
    """Let the server's own user in, where root runs the tests."""
    Path(folder).chmod(0o755)
    return Path(folder)


@pytest.mark.soak
def test_a_server_of_plain_settings_wakes_until_its_queue_is_half_full() -> None:
    """Full, it would make the commit of whoever awards fail."""
    with (
        tempfile.TemporaryDirectory(prefix="pgmerit-tests-") as home,
        attached_server(
            _open_to_all(home), None, {"max_notify_queue_pages": "64"}, durable=False
        ) as server,
        contextlib.ExitStack() as opened,
    ):
        server.create_database("woken")
        schema.migrate(server.dsn("woken"))

        def session() -> Connection:
            found = database.connect(server.dsn("woken"), autocommit=True)
            return opened.enter_context(contextlib.closing(found))

        writer, listener, sleeper = session(), session(), session()
        for each in (listener, sleeper):
            each.execute("listen pgmerit_events")
        routines.register_consumer(writer, "mailer")
        tell(writer)
        assert len(heard(listener, 5)) == 1
        sleeper.execute("begin")
        value(sleeper, "select 1")
        while value(writer, "select pg_notification_queue_usage()") < 0.5:
            value(writer, "select pg_notify('other', repeat(gen_random_uuid()::text, 200))::text")
        tell(writer)
        assert heard(listener) == []
