"""on_unmet: lapse: a badge is held while its rule holds now, noticed by activities and sweeps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pgmerit.database import Connection

from tests.engine import (
    Row,
    activity,
    apply,
    assert_exact,
    awards,
    insert,
    insert_days,
    rows,
    rule_set,
    value,
)

LASTING = True

RECENT = {"type": "threshold", "activity": "call", "window": {"last_days": 30}, "at_least": 3}


def lapsing(criteria: Row, **keys: Any) -> Row:
    return {"name": "lapsing", "on_unmet": "lapse", "criteria": criteria, **keys}


def sweep(connection: Connection, as_of: str) -> int:
    number: int = value(connection, "select badges.award_due_badges(%s)", as_of)
    return number


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def told(connection: Connection) -> list[tuple[str, datetime]]:
    """Give what was told of awards, and the moment each tells."""
    return [
        (
            each["event_type"],
            datetime.fromisoformat(each["details"].get("lapsed_at", each["details"]["earned_at"])),
        )
        for each in rows(connection, "select * from badges.award_events order by event_id")
    ]


def test_it_lapses_by_time_and_is_restored_by_an_activity(connection: Connection) -> None:
    apply(connection, rule_set({"recent": lapsing(RECENT)}))
    insert_days(connection, "2026-03-01", 3)
    assert [each["earned_at"] for each in awards(connection)] == [at("2026-03-03 12:00")]
    assert sweep(connection, "2026-03-30 23:59:59.999+00") == 0
    assert len(awards(connection)) == 1
    sweep(connection, "2026-04-20")
    (award,) = rows(connection, "select * from badges.earned_badges")
    assert (award["revoked_by"], award["revoked_at"]) == ("time", at("2026-03-31 00:00"))
    insert_days(connection, "2026-04-21", 3)
    assert [each["earned_at"] for each in awards(connection)] == [at("2026-04-23 12:00")]
    assert told(connection) == [
        ("awarded", at("2026-03-03 12:00")),
        ("lapsed", at("2026-03-31 00:00")),
        ("restored", at("2026-04-23 12:00")),
    ]
    assert_exact(connection)


def test_an_activity_notices_what_lapsed_before_it(connection: Connection) -> None:
    apply(connection, rule_set({"recent": lapsing(RECENT)}))
    insert_days(connection, "2026-03-01", 3)
    insert(connection, activity("2026-04-20"))
    (award,) = rows(connection, "select * from badges.earned_badges")
    assert (award["revoked_by"], award["revoked_at"]) == ("time", at("2026-03-31 00:00"))
    insert(connection, activity("2026-06-01"), activity("2026-06-02"), activity("2026-06-03"))
    assert told(connection)[2:] == [("restored", at("2026-06-03 12:00"))]
    insert_days(connection, "2026-06-04", 40)
    assert len(told(connection)) == 3
    assert_exact(connection)
