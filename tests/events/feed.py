"""Events without activities, and what consumers do with them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pgmerit import routines
from pgmerit.database import Connection

from tests.engine import ANN, ORG, Row, rows, value


def tell(
    connection: Connection,
    who: UUID = ANN,
    count: int = 1,
    *,
    event_type: str = "awarded",
    org: str = ORG,
    badge: str = "first",
    is_silent: bool = False,
) -> list[int]:
    """Write events of a person, as an award does, by one statement: their ids."""
    written = rows(
        connection,
        "insert into badges.award_events (peer_mentor_id, org_id, badge_definition_id, tier,"
        " occurrence, event_type, source, is_delivered_by_default, transaction_id, created_at)"
        " select %s, %s, %s, '', n, %s, 'rule', not %s, pg_current_xact_id(), clock_timestamp()"
        " from generate_series(1, %s) as n returning event_id",
        *(who, org, badge, event_type, is_silent, count),
    )
    return [each["event_id"] for each in written]


def claim(connection: Connection, consumer: str = "mailer", limit: int = 100) -> list[int]:
    """Claim events: their ids, in the order given."""
    return [each["event_id"] for each in routines.claim_events(connection, consumer, limit)]


def settle(
    connection: Connection, ids: list[int], outcome: str = "done", consumer: str = "mailer"
) -> int:
    """Settle events with nothing more to say about them."""
    return routines.settle_events(connection, consumer, ids, outcome)


def drain(connection: Connection, consumer: str = "mailer", limit: int = 100) -> list[int]:
    """Claim and settle until nothing is left: every id, as often as it came."""
    seen: list[int] = []
    while batch := claim(connection, consumer, limit):
        settle(connection, batch, consumer=consumer)
        seen += batch
    return seen


def end_leases(connection: Connection) -> None:
    """Let the leases run out and the waits for a next try end."""
    connection.execute(
        "update badges_internal.event_queue set due_at = now() - interval '1 second',"
        " is_parked = false, leased_until = leased_until - interval '1 year' where dead_at is null"
    )


def state(connection: Connection, consumer: str = "mailer") -> Row:
    """Give a consumer's line of the list."""
    (found,) = [
        each for each in routines.list_consumers(connection) if each["consumer"] == consumer
    ]
    return found


def attempts(connection: Connection) -> list[Row]:
    """List the attempts that were kept, oldest first."""
    return rows(
        connection,
        "select event_id, attempt, outcome, status, error, milliseconds"
        " from badges_internal.delivery_attempts order by attempted_at, event_id",
    )


def count(connection: Connection, table: str) -> Any:
    """Count the rows of a table."""
    return value(connection, f"select count(*) from {table}")
