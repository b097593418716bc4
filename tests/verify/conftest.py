"""A small rule set, and three people with histories that the engine itself has kept."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID, uuid5

import pytest
from psycopg.types.json import Jsonb

from orchestrator import routines
from orchestrator.database import Connection
from tests.verify import hand_filled

PEOPLE = [uuid5(UUID(int=0), name) for name in ("ada", "bo", "cy")]
FIRST = PEOPLE[0]

_BADGES: dict[str, dict[str, Any]] = {
    "visitor": {
        "type": "tier",
        "activity": "visit",
        "tiers": [{"tier": "one", "at_least": 1}, {"tier": "five", "at_least": 5}],
    },
    "busy": {"type": "threshold", "measure": "sum", "at_least": 6},
    "kinds": {"type": "threshold", "measure": "distinct", "field": "kind", "at_least": 2},
    "weeks": {"type": "streak", "unit": "week", "length": 2},
    "a-lister": {"type": "threshold", "where": {"kind": "a"}, "at_least": 2},
    "both": {
        "type": "all_of",
        "criteria": [
            {"type": "threshold", "activity": "visit", "at_least": 2},
            {"type": "threshold", "activity": "call", "at_least": 1},
        ],
    },
    "collector": {"type": "badges_earned", "at_least": 3},
}


@pytest.fixture
def kept(connection: Connection) -> Connection:
    """A database whose triggers have kept three people's snapshot and awards."""
    routines.apply_rule_set(
        connection,
        {
            "version": 1,
            "ruleset": "mine",
            "organizations": {hand_filled.ORG: {"name": "Somewhere"}},
            "badges": {
                badge: {"name": badge, "criteria": criteria} for badge, criteria in _BADGES.items()
            },
        },
    )
    for number, person in enumerate(PEOPLE):
        for one in hand_filled.random_activities(random.Random(20 + number), 30):
            insert(connection, person, one.activity_type, one.occurred_at, one.attributes)
    return connection


def insert(
    connection: Connection, person: UUID, activity_type: str, occurred_at: Any, attributes: Any
) -> None:
    """Insert one activity as an application does; its quantity is always 1."""
    connection.execute(
        "insert into badges.activities"
        " (org_id, peer_mentor_id, activity_type, occurred_at, quantity, attributes)"
        " values (%s, %s, %s, %s, 1, %s)",
        (
            hand_filled.ORG,
            person,
            activity_type,
            occurred_at,
            Jsonb(attributes, dumps=hand_filled.dumps),
        ),
    )
