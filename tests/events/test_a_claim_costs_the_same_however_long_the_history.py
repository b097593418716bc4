"""The buffers of a claim: neither events of long ago nor what was settled makes it dear."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pgmerit import routines
from pgmerit.database import Connection

from tests.engine import value
from tests.events.feed import drain, tell

FILL = """
    insert into badges.award_events (
        peer_mentor_id, org_id, badge_definition_id, tier, occurrence, event_type, source,
        is_delivered_by_default, transaction_id, created_at
    )
    select
        md5(mod(n, %(people)s)::text)::uuid, 'nhf', 'first', '', 1, 'awarded', 'rule', true,
        pg_current_xact_id(), clock_timestamp()
    from generate_series(1, %(events)s) as n
"""


def fill(connection: Connection, events: int, people: int = 1_000_000) -> None:
    connection.execute(FILL.encode(), {"events": events, "people": people})


def buffers(connection: Connection, limit: int = 100) -> int:
    """Count the pages a claim touches; what it gives is settled.

    The lower of two, the first taken back: databases that come and go beside make a session forget
    names and plans.
    """
    counts: list[int] = []
    for end in ("rollback", "commit"):
        connection.execute("begin")
        (plan,) = value(
            connection,
            "explain (analyze, buffers, format json)"
            f" select * from badges.claim_events('mailer', {limit})",
        )
        connection.execute(end.encode())
        root: dict[str, Any] = plan["Plan"]
        counts.append(root["Shared Hit Blocks"] + root["Shared Read Blocks"])
    connection.execute(
        "select badges.settle_events('mailer', coalesce(array_agg(event_id), '{}'), 'done')"
        " from badges_internal.event_queue where leased_until is not null"
    )
    return min(counts)


def test_a_long_history_costs_nothing(connection: Connection) -> None:
    read = []
    for events in (100, 20_000):
        fill(connection, events)
        drain(connection, limit=10_000)
        connection.execute("vacuum badges_internal.event_queue")
        for _ in range(2):  # the first one also reads the catalogue
            tell(connection, count=10)
            read.append(buffers(connection))
    print("history", read)
    assert read[3] < read[1] + 100


@pytest.mark.parametrize("people", [1_000_000, 50])
@pytest.mark.parametrize("is_analyzed", [False, True])
def test_a_long_queue_costs_no_more_a_claim_than_a_short_one(
    connection: Connection, is_analyzed: bool, people: int
) -> None:
    read = []
    for events in (500, 20_000):
        fill(connection, events, people)
        routines.claim_events(connection, "mailer", 1)
        if is_analyzed:
            connection.execute("analyze")
        read.append(buffers(connection))
    print("queue", people, is_analyzed, read)
    assert read[1] < read[0] * 2 + 100


def test_what_was_settled_beside_an_old_snapshot_costs_little(
    connection: Connection, connect: Any
) -> None:
    """No vacuum takes its index entries away; they lie side by side, and so do their rows."""
    old = connect(autocommit=False)
    old.execute("set transaction isolation level repeatable read")
    value(old, "select 1")
    fill(connection, 10_000)
    assert len(drain(connection, limit=1000)) == 10_000
    connection.execute("vacuum badges_internal.event_queue")
    tell(connection)
    read = buffers(connection)
    print("beside an old snapshot", read)
    assert read < 1_000


def test_events_that_wait_behind_others_are_put_off(connection: Connection) -> None:
    """An endpoint is down: first ones wait for their next try, and all that follows for them."""
    fill(connection, 5_000, 50)
    first = routines.claim_events(connection, "mailer", 100)
    read = []
    for _ in range(3):
        routines.settle_events(
            connection,
            "mailer",
            [each["event_id"] for each in first],
            "retry",
            retry_in=timedelta(hours=1),
        )
        first = []
        read.append(buffers(connection))
    print("behind others", read)
    assert read[2] < 1_000
