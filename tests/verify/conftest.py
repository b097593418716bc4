"""A small rule set, and three people with histories that the engine itself has kept."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID, uuid5

import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import apply
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
    "months": {"type": "streak", "unit": "month", "length": 3},
    "a-lister": {"type": "threshold", "where": {"kind": "a"}, "at_least": 2},
    "both": {
        "type": "all_of",
        "criteria": [
            {"type": "threshold", "activity": "visit", "at_least": 2},
            {"type": "threshold", "activity": "call", "at_least": 1},
        ],
    },
    "collector": {"type": "badges_earned", "at_least": 3},
    "member": {"type": "tenure", "days": 3},
    "steady": {"type": "threshold", "activity": "visit", "measure": "active_days", "at_least": 3},
    "firsts": {"type": "threshold", "activity": "call", "at_least": 2},
    "night": {"type": "threshold", "when": {"hours": [20, 8]}, "at_least": 2},
    "lately": {
        "type": "threshold",
        "measure": "distinct",
        "field": "kind",
        "window": {"rolling_days": 5},
        "at_least": 2,
    },
    "patient": {
        "type": "streak",
        "unit": "day",
        "grace": 1,
        "per_unit": {"at_least": 1},
        "length": 2,
    },
    "mostly": {"type": "share", "qualify": {"kind": "a"}, "at_least": 0.5, "of_last": 2},
}
_MORE: dict[str, dict[str, Any]] = {
    "steady": {"on_unmet": "revoke"},
    "firsts": {"limit": {"first": 2}},
}


@pytest.fixture
def kept(connection: Connection) -> Connection:
    """A database whose triggers have kept three people's snapshot and awards."""
    return connection


def _keep(connection: Connection) -> None:
    apply(
        connection,
        {
            "version": 1,
            "ruleset": "mine",
            "organizations": {hand_filled.ORG: {"name": "Somewhere"}},
            "badges": {
                badge: {"name": badge, "criteria": criteria} | _MORE.get(badge, {})
                for badge, criteria in _BADGES.items()
            },
        },
        allow_revoke=True,
    )
    for number, person in enumerate(PEOPLE):
        for one in hand_filled.random_activities(random.Random(20 + number), 30):
            insert(connection, person, one.activity_type, one.occurred_at, one.attributes)


PREPARED = {"kept": _keep}


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
