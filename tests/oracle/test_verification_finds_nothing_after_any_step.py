"""A person's activities one by one, with what lapses: verification finds nothing after any of them.

The stories of the brute force are looked at when they have ended. What an activity in order passed
over is found by the next late one or by the next statement of many, so each step is looked at here.
`make soak` runs as many as the time given allows.
"""

from __future__ import annotations

import itertools
import os
import random
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import ANN, ORG, Row, moment, rows, rule_set, value

LASTING = True

AWARDS = (
    "select badge_definition_id, tier, occurrence, earned_at, activity_id, source, revoked_at,"
    " revoked_by from badges.earned_badges order by 1, 2, 3"
)
FREEDOMS: list[Row] = [
    {},
    {},
    {"grace": 1},
    {"excused_by": {"activity": "visit"}},
    {"excused_by": {"activity": "illness"}},
    {"unit": "day", "on": {"weekdays": ["mon", "tue", "wed", "thu", "fri"]}},
    {"per_unit": {"at_least": 2}},
    {"unit": "week"},
]


def condition(chance: random.Random) -> Row:
    """Give what may lapse, most often of one type of activity."""
    days = {"window": {"last_days": chance.choice((1, 2, 3, 5))}}
    few = chance.choice((1, 2))
    part = chance.choice(({}, {}, {"per": "place"}))
    criteria: Row = chance.choice((
        {"type": "threshold", "at_least": few, **days, **part},
        {"type": "threshold", "measure": "active_days", "at_least": few, **days, **part},
        {"type": "threshold", "measure": "distinct", "field": "kind", "at_least": few, **days,
         **part},
        {"type": "threshold", "measure": "distinct", "field": "kind", "at_least": few},
        {"type": "streak", "unit": "day", "length": few, **chance.choice(FREEDOMS)},
        {"type": "streak", "unit": "day", "length": 3, **chance.choice(FREEDOMS)},
        {"type": "in_a_row", "length": few, "qualify": {"kind": "a"}},
    ))  # fmt: skip
    return criteria | chance.choice(
        ({}, {"activity": "call"}, {"activity": "call"}, {"activity": "visit"})
    )


def badges(chance: random.Random) -> dict[str, Row]:
    """Give badges that lapse, what they count, and what counts them."""
    found: dict[str, Row] = {}

    def add(criteria: Row, on_unmet: str = "lapse") -> None:
        slug = f"b{len(found)}"
        found[slug] = {"name": slug, "criteria": criteria, "on_unmet": on_unmet}

    for _ in range(chance.choice((1, 1, 2))):
        one, other = condition(chance), condition(chance)
        broken = {"type": "none_of", "criteria": [other]}
        add(chance.choice((
            one,
            one,
            {"type": "any_of", "criteria": [one, other]},
            {"type": "all_of", "criteria": [one, chance.choice((other, broken))]},
        )))  # fmt: skip
    if chance.random() < 0.3:
        add({"type": "tenure", "days": chance.choice((3, 5))}, "keep")
    if chance.random() < 0.3:
        add(
            {"type": "threshold", "activity": "visit", "at_least": 2},
            chance.choice(("keep", "revoke")),
        )
    if chance.random() < 0.2:
        add({"type": "manual"}, "keep")
    if chance.random() < 0.5:
        counted = chance.sample(sorted(found), chance.randint(1, len(found)))
        enough = chance.randint(1, len(counted))
        counting: Row = {"type": "badges_earned", "badges": counted, "at_least": enough}
        broken = {"type": "none_of", "criteria": [condition(chance)]}
        add(chance.choice((counting, {"type": "all_of", "criteria": [counting, broken]})))
    return found


class Life:
    """What befalls one person: mostly activities in order."""

    def __init__(self, connection: Connection, seed: int) -> None:
        self.connection = connection
        self.chance = random.Random(seed)
        self.badges = badges(self.chance)
        self.at = moment("2026-03-01", "00:00")
        self.told: list[Any] = []

    def begin(self) -> None:
        """Apply the rules."""
        zone = self.chance.choice(("UTC", "Europe/Oslo"))
        document = rule_set(self.badges, {ORG: {"time_zone": zone}})
        value(self.connection, "select badges.apply_rule_set(%s)", Jsonb(document))
        self.kinds = self.chance.choice(("", "sweep", "decide", "delete", "late"))

    def step(self) -> None:
        """Let some time pass, and something happen."""
        self.at += timedelta(hours=self.chance.choice((0, 1, 5, 12, 24, 24, 30, 48, 75, 120)))
        if self.kinds == "" or self.chance.random() < 0.8:
            self._record(self.at)
        elif self.kinds == "late":
            self._record(self.at - timedelta(hours=self.chance.choice((20, 50, 100))))
        else:
            getattr(self, f"_{self.kinds}")()

    def _record(self, at: datetime) -> None:
        kind = self.chance.choice(("call", "call", "visit", "visit", "illness", "other"))
        shift = self.chance.choice((None, None, None, None, 0, 1, -1))
        day = None if shift is None else (at + timedelta(days=shift)).date()
        attributes = {"kind": self.chance.choice("aab"), "place": self.chance.choice("aab")}
        self.told.append((kind, at, attributes, day))
        self.connection.execute(
            "insert into badges.activities (peer_mentor_id, org_id, activity_type, occurred_at,"
            " activity_date, quantity, attributes) values (%s, %s, %s, %s, %s, 1, %s)",
            (ANN, ORG, kind, at, day, Jsonb(attributes)),
        )

    def _sweep(self) -> None:
        self.told.append(("sweep", self.at))
        value(self.connection, "select badges.award_due_badges(%s)", self.at)

    def _delete(self) -> None:
        self.told.append("delete the newest")
        self.connection.execute(
            "delete from badges.activities"
            " where activity_id = (select max(activity_id) from badges.activities)"
        )

    def _decide(self) -> None:
        decision = self.chance.choice(("award", "revoke", "deny", "allow"))
        slug = self.chance.choice(sorted(self.badges))
        self.told.append((decision, slug))
        query = f"select badges.{decision}_badge(%s, %s, %s, 'a reason')"
        # What is denied cannot be awarded.
        with suppress(psycopg.Error), self.connection.transaction():
            value(self.connection, query, ANN, slug, ORG)


def check(connection: Connection, seed: int) -> None:
    """Live through a life, and look after each step."""
    life = Life(connection, seed)
    with connection.transaction(force_rollback=True):
        life.begin()
        for _ in range(12):
            life.step()
            found = rows(
                connection,
                "select badge_definition_id, problem, stored, expected from badges.verify_awards()",
            )
            assert found == [], (seed, life.badges, life.told)
        before = rows(connection, AWARDS)
        rows(connection, "select * from badges.evaluate_badges(%s, %s)", ANN, ORG)
        assert rows(connection, AWARDS) == before, (seed, life.badges, life.told)


@pytest.mark.parametrize("seed", [0, 2, 17, 26])
def test_verification_finds_nothing_after_any_step(connection: Connection, seed: int) -> None:
    check(connection, seed)


@pytest.mark.soak
def test_nor_does_it_in_any_number_of_lives(connection: Connection) -> None:
    until = time.monotonic() + float(os.environ.get("SOAK_SECONDS", "600"))
    for seed in itertools.count(int(os.environ.get("SOAK_SEED", "1000"))):
        if time.monotonic() > until:
            return
        check(connection, seed)
