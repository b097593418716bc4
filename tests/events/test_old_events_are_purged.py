"""purge_events: what no consumer waits for, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from pgmerit import routines
from pgmerit.database import Connection

from tests.engine import ANN, BEN, rows, value
from tests.events.feed import claim, drain, settle, tell

LASTING = True

Connect = Callable[..., Connection]


def purge(connection: Connection) -> int:
    return routines.purge_events(connection, value(connection, "select now() - interval '1 hour'"))


def age(connection: Connection) -> None:
    connection.execute("update badges.award_events set created_at = created_at - interval '1 day'")


def left(connection: Connection) -> list[int]:
    found = rows(connection, "select event_id from badges.award_events order by 1")
    return [each["event_id"] for each in found]


def test_what_a_consumer_waits_for_stays(connection: Connection, connect: Connect) -> None:
    late = connect(autocommit=False)
    uncommitted = tell(late, BEN)
    done, dead, leased = tell(connection, ANN, 3)
    claim(connection)
    settle(connection, [done])
    settle(connection, [dead], "dead")
    late.commit()
    untaken = tell(connection)
    age(connection)
    kept = tell(connection)
    assert purge(connection) == 1
    assert left(connection) == sorted([*uncommitted, dead, leased, *untaken, *kept])
    settle(connection, [leased])
    assert drain(connection) == [*uncommitted, *untaken, *kept]
    assert purge(connection) == 3
    assert left(connection) == [dead, *kept]


def test_every_consumer_counts_and_without_one_nothing_waits(connection: Connection) -> None:
    told = tell(connection)
    age(connection)
    assert drain(connection, "mailer") == told
    routines.register_consumer(connection, "auditor")
    assert purge(connection) == 0
    routines.remove_consumer(connection, "auditor")
    assert purge(connection) == 1
