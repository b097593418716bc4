"""Histories in any order, odd values, negatives and corrections: the engine equals verification.

Every condition of the language over one pool of random activities, fed in random batches, with the
rules there from the start, applied half-way or last, and corrected afterwards.
"""

from __future__ import annotations

import os
import random
import time
from typing import Any
from uuid import UUID

import pytest
from pgmerit import routines
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import apply, rule_set
from tests.verify.hand_filled import ORG, ZONE, dumps, random_activities

_ORGANIZATIONS = {ORG: {"name": "Somewhere", "time_zone": ZONE.key}}


def _part(kind: str, **keys: Any) -> dict[str, Any]:
    return {"type": kind, **keys}


_CRITERIA: list[dict[str, Any]] = [
    *(
        _part("threshold", where=where, at_least=3)
        for where in (
            {"kind": "a"},
            {"kind": {"ne": "a"}},
            {"kind": [3, True, "b"]},
            {"score": {"gte": 5, "lt": 20}},
            {"score": {"exists": False}},
            {"path": {"prefix": "docs/"}},
            {"quantity": {"gte": 1}},
        )
    ),
    _part(
        "tier",
        activity="visit",
        tiers=[{"tier": t, "at_least": n} for t, n in (("a", 1), ("b", 4), ("c", 9))],
    ),
    _part("threshold", measure="sum", at_least=7),
    _part("threshold", measure="sum", field="score", at_least=20),
    _part("threshold", measure="max", field="score", at_least=7),
    _part("threshold", activity=["call", "visit"], at_least=2, repeat={"every": 3, "max": 4}),
    _part("threshold", measure="active_days", at_least=4),
    _part("threshold", measure="distinct", field="kind", at_least=3),
    _part("training_completion", courses=["docs/a", "docs/b"], field="path", activity="visit"),
    _part("streak", unit="day", tiers=[{"tier": str(n), "length": n} for n in (2, 3, 5)]),
    _part("streak", unit="week", activity="visit", length=2),
    _part("streak", unit="month", length=2),
    _part(
        "all_of",
        criteria=[
            _part("threshold", activity="call", at_least=2),
            _part("threshold", measure="sum", at_least=5),
            _part(
                "any_of",
                criteria=[
                    _part("streak", unit="day", length=2),
                    _part("threshold", activity="training", at_least=3),
                ],
            ),
        ],
    ),
    _part(
        "n_of",
        n=2,
        criteria=[
            _part("threshold", activity="call", measure="sum", at_least=2),
            _part("threshold", activity="visit", measure="max", at_least=3),
            _part("badges_earned", at_least=4),
        ],
    ),
    _part("badges_earned", at_least=6),
    _part("threshold", window="week", at_least=3),
    _part("threshold", window="month", measure="sum", at_least=6),
    _part("threshold", per="kind", at_least=3),
    _part("threshold", measure="distinct", field="kind", per_value={"at_least": 3}, at_least=2),
    _part(
        "threshold",
        measure="distinct",
        field="kind",
        per_value={"measure": "sum", "at_least": 3},
        at_least=2,
    ),
    _part("streak", unit="day", per_unit={"at_least": 2}, length=2),
    _part("streak", unit="week", per_unit={"measure": "sum", "at_least": 4}, length=2),
    _part("streak", unit="week", per_unit={"measure": "active_days", "at_least": 2}, length=2),
    _part("streak", unit="day", grace=1, tiers=[{"tier": str(n), "length": n} for n in (2, 4)]),
    _part("streak", unit="day", activity="visit", grace=2, per_unit={"at_least": 2}, length=2),
    _part(
        "streak",
        unit="day",
        grace=1,
        per_unit={"measure": "sum", "at_least": 2},
        tiers=[{"tier": str(n), "length": n} for n in (2, 3)],
    ),
    _part("streak", unit="week", consecutive=False, length=3),
    _part("streak", unit="day", consecutive=False, where={"kind": "a"}, length=3),
    _part(
        "streak",
        unit="week",
        consecutive=False,
        per_unit={"measure": "sum", "at_least": 3},
        length=2,
    ),
    *(
        _part("threshold", when=when, at_least=3)
        for when in (
            {"hours": [22, 6]},
            {"hours": ["09:30", 24], "weekdays": ["sat", "mon", "tue"]},
            {"months": [2], "from": "2026-01-30"},
            {"days_of_year": [21, 23, 32], "until": "2026-02-10"},
        )
    ),
    _part("threshold", when={"dates": ["01-25", "02-01"]}, measure="active_days", at_least=2),
    _part("threshold", when={"hours": [12, 18]}, measure="sum", field="score", at_least=8),
    _part("threshold", window={"rolling_days": 3}, at_least=3),
    _part("threshold", window={"rolling_days": 5}, measure="sum", at_least=6),
    _part("threshold", window={"rolling_days": 4}, measure="max", field="score", at_least=7),
    _part("threshold", window={"rolling_days": 9}, measure="active_days", at_least=4),
    _part("threshold", window={"rolling_days": 2}, per="kind", at_least=2),
    _part(
        "threshold",
        window={"rolling_days": 6},
        measure="distinct",
        field="kind",
        per_value={"measure": "sum", "at_least": 2},
        at_least=2,
    ),
    _part(
        "training_completion",
        courses=["docs/a", "docs/b"],
        field="path",
        activity="visit",
        within_days=2,
    ),
    _part("tenure", days=10),
    _part("tenure", activity="visit", where={"kind": "a"}, months=1),
    _part(
        "all_of",
        criteria=[
            _part("tenure", days=5),
            _part("threshold", window={"rolling_days": 4}, measure="sum", at_least=4),
            _part("streak", unit="day", grace=2, length=3),
        ],
    ),
]


def _badges() -> dict[str, Any]:
    """Make each rule a badge that keeps, one that is taken back, and some with few places."""
    badges: dict[str, Any] = {}
    for number, criteria in enumerate(_CRITERIA):
        badges[f"b{number}"] = {"name": f"b{number}", "criteria": criteria}
        badges[f"r{number}"] = {
            "name": f"r{number}",
            "on_unmet": "revoke",
            "criteria": criteria,
        }
        if number % 5 == 0 and "repeat" not in criteria:
            badges[f"l{number}"] = {
                "name": f"l{number}",
                "limit": {"first": 3},
                "criteria": criteria,
            }
    return badges


_RULES = rule_set(_badges(), _ORGANIZATIONS)
_INSERT = """
    insert into badges.activities (
        org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity, attributes
    )
    select * from unnest(
        %s::text[], %s::uuid[], %s::text[], %s::timestamptz[], %s::date[], %s::numeric[],
        %s::jsonb[]
    )"""
_CORRECTIONS = (
    "delete from badges.activities where activity_id = %s",
    "update badges.activities set quantity = 4 where activity_id = %s",
    "update badges.activities set quantity = 0 where activity_id = %s",
    "update badges.activities set activity_type = 'call' where activity_id = %s",
    """update badges.activities set occurred_at = occurred_at - interval '5 days',
        activity_date = activity_date - 5 where activity_id = %s""",
    """update badges.activities set attributes = attributes || '{"kind": "b"}'
        where activity_id = %s""",
    """update badges.activities set peer_mentor_id = (select min(peer_mentor_id::text)::uuid
        from badges.activities) where activity_id = %s""",
)


def _feed(connection: Connection, choose: random.Random, rows: list[tuple[Any, ...]]) -> None:
    while rows:
        size = choose.choice([1, 1, 1, 5, 40, 60])
        batch, rows = rows[:size], rows[size:]
        connection.execute(_INSERT, [list(column) for column in zip(*batch, strict=True)])


def _history(connection: Connection, seed: int, when: str) -> None:
    choose = random.Random(seed)
    people = [UUID(int=choose.getrandbits(128), version=4) for _ in range(5)]
    rows = [
        (
            ORG,
            person,
            one.activity_type,
            one.occurred_at,
            one.activity_date,
            one.quantity,
            Jsonb(one.attributes, dumps=dumps),
        )
        for person in people
        for one in random_activities(choose, choose.randint(1, 30))
    ]
    choose.shuffle(rows)
    half = {"first": 0, "half": len(rows) // 2, "last": len(rows)}[when]
    apply(connection, rule_set({}, _ORGANIZATIONS))
    _feed(connection, choose, rows[:half])
    apply(connection, _RULES, allow_revoke=True)
    _feed(connection, choose, rows[half:])
    connection.execute("select badges.award_due_badges('2026-02-20')")
    ids = [
        row["activity_id"]
        for row in connection.execute(
            "select activity_id from badges.activities order by activity_id"
        ).fetchall()
    ]
    for activity_id in choose.sample(ids, min(len(ids), 20)):
        connection.execute(choose.choice(_CORRECTIONS).encode(), [activity_id])


def _differences(connection: Connection) -> list[Any]:
    return [*routines.verify_stats(connection), *routines.verify_awards(connection)]


@pytest.mark.parametrize(("seed", "when"), list(enumerate(["first", "half", "last"])))
def test_any_history_leaves_nothing_to_repair(connection: Connection, seed: int, when: str) -> None:
    _history(connection, seed, when)
    assert _differences(connection) == []


@pytest.mark.soak
def test_any_number_of_histories_leave_nothing_to_repair(connection: Connection) -> None:
    until = time.monotonic() + float(os.environ.get("SOAK_SECONDS", "600"))
    seed = 1000
    while time.monotonic() < until:
        for table in ("activities", "earned_badges", "award_events"):
            connection.execute(f"truncate badges.{table}".encode())
        _history(connection, seed, ("first", "half", "last")[seed % 3])
        assert _differences(connection) == [], f"seed {seed}"
        seed += 1
