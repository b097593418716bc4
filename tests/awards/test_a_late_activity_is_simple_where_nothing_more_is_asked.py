"""activity_routes.late_is_simple: which late ones take the short way, and that it is enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from pgmerit import schema
from pgmerit.database import Connection

from tests.conftest import CliResult
from tests.engine import ANN, BEN, ORG, activity, apply, assert_exact, insert, rows, rule_set

Cli = Callable[..., CliResult]

CALL: dict[str, Any] = {"type": "threshold", "activity": "call", "at_least": 3}
RUN: dict[str, Any] = {"type": "streak", "activity": "call", "unit": "day", "length": 3}
BAR: dict[str, Any] = {"type": "threshold", "activity": "complaint", "at_least": 1}
ORGANIZATIONS = {
    "plain": {"calls": CALL, "run": RUN},
    "counted": {"calls": CALL, "any": {"type": "badges_earned", "at_least": 1}},
    "lapsing": {
        "calls": {"name": "x", "on_unmet": "lapse", "criteria": CALL | {"window": {"last_days": 9}}}
    },
    "excused": {"run": RUN | {"excused_by": {"activity": "absence"}}},
    "barred": {
        "clean": {"type": "all_of", "criteria": [CALL, {"type": "none_of", "criteria": [BAR]}]}
    },
    "lapsing-count": {
        "calls": CALL,
        "any": {
            "name": "x",
            "on_unmet": "lapse",
            "criteria": {"type": "badges_earned", "at_least": 1},
        },
    },
}
# Of every organization: of each type its rules name, and of others.
SIMPLE = {
    ("plain", ""): True,
    ("plain", "call"): True,
    ("counted", ""): True,
    ("counted", "call"): True,
    ("lapsing", ""): True,
    ("lapsing", "call"): True,
    ("excused", ""): True,
    ("excused", "absence"): False,
    ("excused", "call"): True,
    ("barred", ""): False,
    ("barred", "call"): False,
    ("barred", "complaint"): False,
    ("lapsing-count", ""): False,
    ("lapsing-count", "call"): False,
}


def document() -> dict[str, Any]:
    """Give a rule set with an organization for each way to ask more of a late activity."""
    badges = {
        f"{org}-{slug}": rule
        for org, rules in ORGANIZATIONS.items()
        for slug, rule in rules.items()
    }
    organizations = {
        org: {"time_zone": "UTC", "badges": [f"{org}-{slug}" for slug in rules]}
        for org, rules in ORGANIZATIONS.items()
    }
    return rule_set(badges, organizations)


def simple(connection: Connection) -> dict[tuple[str, str], bool]:
    """Give what stands in the routes."""
    query = "select org_id, activity_type, late_is_simple from badges_internal.activity_routes"
    return {
        (each["org_id"], each["activity_type"]): each["late_is_simple"]
        for each in rows(connection, query)
    }


def test_an_apply_notes_which_late_activities_are_simple(connection: Connection) -> None:
    apply(connection, document())
    assert simple(connection) == SIMPLE


def test_a_migration_notes_the_same(dsn: str, connection: Connection, cli: Cli) -> None:
    apply(connection, document())
    while "0031" not in cli("migrate", "--down", "--yes", dsn=dsn).stdout:
        pass
    schema.migrate(dsn)
    assert simple(connection) == SIMPLE


@pytest.mark.parametrize("late", ["2024-03-04", "2024-03-05", "2024-03-06", "2024-02-29"])
@pytest.mark.parametrize("unit", ["day", "week", "month"])
def test_a_run_moves_only_by_a_unit_that_did_not_count_before(
    connection: Connection, unit: str, late: str
) -> None:
    """A unit with another activity before the award moves nothing; one with a later one does."""
    rules = {f"{n}": RUN | {"unit": unit, "length": n} for n in (1, 2, 3)}
    apply(connection, rule_set(rules))
    days = ("2024-01-05", "2024-02-05", "2024-02-12", "2024-02-19", "2024-03-03")
    for day in (*days, "2024-03-04", "2024-03-05", "2024-03-07", "2024-03-08"):
        insert(connection, activity(f"{day} 18:00"))
    insert(connection, activity(f"{late} 06:00"))
    assert_exact(connection)
    insert(connection, activity(f"{late} 07:00"))
    assert_exact(connection)


KINDS: dict[str, dict[str, Any]] = {
    "count": CALL,
    "sum": CALL | {"measure": "sum", "at_least": 7},
    "sum of a field": CALL | {"measure": "sum", "field": "minutes", "at_least": 40},
    "chosen": CALL | {"where": {"topic": "a"}},
    "by the month": CALL | {"window": "month", "at_least": 4},
    "sum by the month": CALL | {"measure": "sum", "window": "month", "at_least": 12},
    "by place": CALL | {"per": "topic", "at_least": 3},
    "capped": CALL | {"measure": "sum", "cap": {"at": 2, "per": "day"}, "at_least": 9},
    "rolling": CALL | {"window": {"rolling_days": 7}, "at_least": 4},
    "distinct": CALL | {"measure": "distinct", "field": "topic", "at_least": 3},
    "days": CALL | {"measure": "active_days", "at_least": 6},
    "highest": CALL | {"measure": "max", "field": "minutes", "at_least": 12},
    "run of days": RUN,
    "run with grace": RUN | {"grace": 1, "length": 4},
    "run of weeks": RUN | {"unit": "week"},
    "run of full weeks": RUN | {"unit": "week", "per_unit": {"at_least": 2}, "length": 2},
    "tiers": {
        "type": "tier",
        "activity": "call",
        "tiers": [{"tier": str(n), "at_least": n} for n in (4, 7, 9)],
    },
    "both": {"type": "all_of", "criteria": [CALL, RUN]},
    "windows": CALL | {"window": "month", "repeat": {"each": "window", "max": 3}},
}


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati"])
@pytest.mark.parametrize("few", [True, False], ids=["few", "many"])
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_a_late_one_moves_follows(
    connection: Connection, kind: str, few: bool, zone: str
) -> None:
    """Every kind of condition, and a badge that counts its badge, after each late activity."""
    rules = {"own": KINDS[kind], "any": {"type": "badges_earned", "badges": ["own"]}}
    apply(connection, rule_set(rules, {ORG: {"time_zone": zone}}))
    if not few:  # more than are read in their order
        insert(connection, *[activity("2024-01-01", kind="other") for _ in range(210)])
    days = ("01-30", "02-02", "02-05", "02-06", "02-12", "02-13", "02-14", "02-15", "03-04")
    for n, day in enumerate((*days, "03-05", "03-06", "03-07", "03-20", "04-01")):
        insert(connection, _told(day, "12:00", n))
    first = _held(connection, ANN)
    assert {badge for badge, _, _ in first} == {"own", "any"}
    for n, day in enumerate(
        ("03-08", "02-13", "02-14", "02-12", "02-04", "01-31", "02-07", "02-05")
    ):
        insert(connection, _told(day, "11:00", n))
        assert_exact(connection)
        assert _held(connection, ANN) == _held_in_order(connection)
    moved = _held(connection, ANN) - first
    assert {badge for badge, _, _ in moved} >= {"own", "any"}


def _held(connection: Connection, who: UUID) -> set[tuple[Any, ...]]:
    query = (
        "select badge_definition_id, occurrence, earned_at from badges.earned_badges"
        " where peer_mentor_id = %s"
    )
    return {tuple(each.values()) for each in rows(connection, query, who)}


def _held_in_order(connection: Connection) -> set[tuple[Any, ...]]:
    """Give what somebody has who did the same in its order."""
    with connection.transaction(force_rollback=True):
        connection.execute(
            """
            insert into badges.activities (
                org_id, peer_mentor_id, activity_type, occurred_at, quantity, attributes
            )
            select org_id, %s, activity_type, occurred_at, quantity, attributes
            from badges.activities
            """,
            (BEN,),
        )
        return _held(connection, BEN)


def _told(day: str, at: str, n: int) -> tuple[Any, ...]:
    attributes = {"topic": "abc"[n % 3], "minutes": 8 + n % 6}
    return activity(f"2024-{day} {at}", quantity=1 + n % 3, attributes=attributes)
