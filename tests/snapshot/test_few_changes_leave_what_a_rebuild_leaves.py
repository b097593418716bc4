"""What a delete or update of few rows leaves is what a rebuild leaves, column by column."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import ANN, BEN, ORG, activity, apply, insert, moment, rows, rule_set, value
from tests.snapshot.rules import CRITERIA, ORGANIZATIONS, OTHER_ORG

LASTING = True

DOCUMENT = rule_set(
    CRITERIA
    | {
        "burst": {"type": "threshold", "window": {"rolling_days": 5}, "at_least": 6},
        "varied": {
            "type": "threshold",
            "measure": "distinct",
            "field": "kind",
            "per": "level",
            "window": {"rolling_days": 9},
            "at_least": 2,
        },
        "rested": {"type": "streak", "unit": "day", "length": 4, "grace": 1},
        "spread": {
            "type": "streak",
            "unit": "week",
            "length": 2,
            "grace": 1,
            "per_unit": {"measure": "active_days", "at_least": 2},
        },
        "tall_months": {
            "type": "streak",
            "unit": "month",
            "length": 2,
            "per_unit": {"measure": "max", "field": "minutes", "at_least": 5},
        },
        "weeks": {"type": "streak", "unit": "week", "length": 5, "consecutive": False},
        "week_days": {
            "type": "threshold",
            "measure": "active_days",
            "window": "week",
            "per": "level",
            "at_least": 2,
        },
        "year": {"type": "tenure", "days": 20},
    },
    ORGANIZATIONS,
)
ROWS = (
    "select to_jsonb(held) - '{counted_in,counted_upto}'::text[] as row"
    " from badges.peer_mentor_stats as held order by peer_mentor_id, org_id, stat, bucket"
)
ELEMENTS = "select * from badges_internal.stat_elements order by 1, 2, 3, 4, 5"
REBUILD = "badges_internal._rebuild_people(uuid[], text[], text[])"


def some_activity(chance: random.Random, days: int, lowest: int) -> tuple[Any, ...]:
    return activity(
        moment("2026-02-20") + timedelta(minutes=37 * chance.randrange(days * 38)),
        who=chance.choice([ANN, ANN, ANN, BEN]),
        org=chance.choice([ORG, ORG, ORG, OTHER_ORG]),
        kind=chance.choice(["call", "call", "visit", "other"]),
        quantity=Decimal(chance.choice(["0", "0.1", "1", "1", "2.5", lowest])),
        attributes={
            name: found
            for name, choice in {
                "kind": ["a", "b", "c", 1, 1.0, True, None, ["a"], "d" * 300],
                "level": [1, 2, 3],
                "minutes": [0, 1, 5, 12, "12", lowest],
            }.items()
            if (found := chance.choice([*choice, None])) is not None or chance.random() < 0.5
        },
    )


@contextlib.contextmanager
def nobody_rebuilt(connection: Connection) -> Iterator[None]:
    connection.execute(f"alter function {REBUILD} rename to _put_aside".encode())
    yield
    aside = REBUILD.replace("_rebuild_people", "_put_aside")
    connection.execute(f"alter function {aside} rename to _rebuild_people".encode())


CHANGES = (
    "quantity = quantity + 1",
    "quantity = 0",
    """attributes = attributes || '{"kind": "b", "minutes": 5}'""",
    """attributes = attributes - 'level' || '{"note": 1}'""",
    "idempotency_key = activity_id::text",
    "activity_type = 'call'",
    "occurred_at = occurred_at - interval '1 day', activity_date = activity_date - 1",
)


def check(connection: Connection, number: int) -> None:
    """Fill a history, then delete and change single rows and handfuls."""
    chance = random.Random(number)
    connection.execute("truncate badges.activities")
    connection.execute("delete from badges.earned_badges")
    days, lowest = chance.choice([(12, 1), (60, 1), (200, 1), (60, 2)])
    insert(
        connection,
        *[some_activity(chance, days, lowest) for _ in range(chance.choice([12, 30, 60]))],
    )
    some = (
        " where (peer_mentor_id, activity_id) in ("
        " select peer_mentor_id, activity_id from badges.activities"
        " order by hashint8(activity_id + %s) limit %s)"
    )
    for _ in range(6):
        with nobody_rebuilt(connection):
            connection.execute(
                ("delete from badges.activities" + some).encode(),
                (chance.randrange(1000), chance.choice([1, 1, 1, 2, 7])),
            )
        connection.execute(
            (f"update badges.activities set {chance.choice(CHANGES)}" + some).encode(),
            (chance.randrange(1000), chance.choice([1, 1, 2])),
        )
        left = rows(connection, ROWS), rows(connection, ELEMENTS)
        value(connection, "select badges.rebuild_stats()")
        assert left == (rows(connection, ROWS), rows(connection, ELEMENTS)), number
    assert rows(connection, "select * from badges.verify_awards()") == []


def test_deletes_and_updates_of_few_rows(connection: Connection) -> None:
    apply(connection, DOCUMENT)
    for number in range(3):
        check(connection, number)


@pytest.mark.soak
def test_any_number_of_them(connection: Connection) -> None:
    apply(connection, DOCUMENT)
    until = time.monotonic() + float(os.environ.get("SOAK_SECONDS", "600"))
    for number in itertools.count(int(os.environ.get("SOAK_SEED", "1000"))):
        if time.monotonic() > until:
            return
        check(connection, number)
