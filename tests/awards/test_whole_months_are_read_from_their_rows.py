"""Dating a late activity of a long history by the rows of its months is as by the activities."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import ANN, activity, apply, assert_exact, copy_in, insert, rows, rule_set, value

LASTING = True

COUNTS = (5, 60, 150, 430, 610)
SUMS = (300, 2000, 13000, 25000)
BADGES: dict[str, dict[str, Any]] = {
    "all": {"type": "tier", "tiers": [{"tier": str(n), "at_least": n} for n in COUNTS]},
    "calls": {
        "type": "tier",
        "activity": "call",
        "tiers": [{"tier": str(n), "at_least": n} for n in COUNTS],
    },
    "sums": {
        "type": "tier",
        "measure": "sum",
        "tiers": [{"tier": str(n), "at_least": n} for n in SUMS],
    },
    "good": {
        "type": "tier",
        "where": {"mood": "good"},
        "tiers": [{"tier": str(n), "at_least": n} for n in COUNTS],
    },
    "month": {"type": "threshold", "window": "month", "at_least": 10**6},
    "calls_month": {
        "type": "threshold",
        "activity": "call",
        "window": "month",
        "at_least": 10**6,
    },
    "good_month": {
        "type": "threshold",
        "where": {"mood": "good"},
        "window": "month",
        "at_least": 10**6,
    },
}
START = datetime(2024, 1, 1, tzinfo=UTC)
ZONES = pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])


def somewhen(chance: random.Random) -> datetime:
    """Give an hour, often of a day beside which a month begins."""
    day = chance.choice((30, 31, 59, 60, 61, 90, 91, chance.randrange(180)))
    return START + timedelta(days=day, hours=chance.randrange(24))


def history(chance: random.Random, count: int) -> list[tuple[Any, ...]]:
    """Give activities of half a year, many about where a month begins, some of one instant."""
    made = []
    for _ in range(count):
        made.append(
            activity(
                somewhen(chance),
                kind=chance.choice(("call", "call", "visit")),
                quantity=chance.randrange(60),
                attributes={"mood": chance.choice(("good", "good", "bad"))},
            )
        )
    return made


def first_moments(activities: list[tuple[Any, ...]]) -> dict[tuple[str, str], datetime]:
    """Tell when each tier came true."""
    found: dict[tuple[str, str], datetime] = {}
    totals = {"all": 0, "calls": 0, "sums": 0, "good": 0}
    ordered = sorted(activities, key=lambda each: each[3])
    for at, group in itertools.groupby(ordered, key=lambda each: each[3]):
        for each in group:
            totals["all"] += 1
            totals["calls"] += each[2] == "call"
            totals["sums"] += each[4]
            totals["good"] += each[5].obj["mood"] == "good"
        for badge, total in totals.items():
            for least in SUMS if badge == "sums" else COUNTS:
                if total >= least:
                    found.setdefault((badge, str(least)), at)
    return found


@ZONES
@pytest.mark.parametrize("size", [1, 4])
def test_the_dates_are_those_of_the_activities(
    connection: Connection, zone: str, size: int
) -> None:
    chance = random.Random(f"{zone} {size}")
    apply(connection, rule_set(BADGES, {"nhf": {"time_zone": zone}}))
    past, late = history(chance, 900), history(chance, 60)
    copy_in(connection, past)
    for place in range(0, len(late), size):
        insert(connection, *late[place : place + size])
    expected = first_moments(past + late)
    found = {
        (each["badge_definition_id"], each["tier"]): each["earned_at"]
        for each in rows(connection, "select * from badges.earned_badges")
    }
    assert found == expected
    assert_exact(connection)


@ZONES
def test_a_value_between_two_moments_is_the_same(connection: Connection, zone: str) -> None:
    """Also where the month's own rows lack what lies at its edges, and without an end."""
    chance = random.Random(zone)
    apply(connection, rule_set(BADGES, {"nhf": {"time_zone": zone}}))
    copy_in(connection, history(chance, 400))
    between = """
        select badges_internal._value_between(
            %s, 'nhf', null, null, '', '-infinity', 'infinity', %s, %s, %s, {}
        )
    """
    monthly = "badges_internal._monthly_stat(%s, 'nhf', '*')"
    assert value(connection, f"select {monthly}", ANN) is not None
    for number in range(150):
        ends = sorted(somewhen(chance) for _ in range(2))
        first: Any = ends[0] if number % 3 else "-infinity"
        last: Any = ends[1] if number % 4 else "infinity"
        for measure in ("count", "sum"):
            read = value(connection, between.format("null"), ANN, first, last, measure)
            added = value(connection, between.format(monthly), ANN, first, last, measure, ANN)
            assert read == added, (first, last, measure)


def test_a_person_who_lacks_the_rows_yet_is_read(connection: Connection) -> None:
    named = {name: BADGES[name] for name in ("all", "sums")}
    apply(connection, rule_set(named))
    copy_in(connection, history(random.Random("lacks"), 350))
    wider = rule_set({**named, "month": BADGES["month"]})
    value(connection, "select badges.apply_rule_set(%s)", Jsonb(wider))
    named_now = "select badges_internal._monthly_stat(%s, 'nhf', '*')"
    assert value(connection, named_now, ANN) is None
    apply(connection, wider)
    assert value(connection, named_now, ANN) is not None
