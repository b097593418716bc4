"""A rule set with a badge of every fate, and who may export, erase and merge."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import UUID

import pytest
from pgmerit.database import Connection
from psycopg import sql

from tests.engine import ORG, Row, apply, rows, rule_set

OTHER = "hlf"
RULES = rule_set(
    {
        "first": {"type": "threshold", "at_least": 1},
        "third": {"type": "threshold", "activity": "call", "at_least": 3},
        "pair": {
            "type": "threshold",
            "activity": "call",
            "at_least": 2,
            "repeat": {"every": 2, "max": 5},
        },
        "medal": {"type": "manual"},
        "collector": {"type": "badges_earned", "badges": ["third", "medal"]},
        "pioneer": {
            "name": "Pioneer",
            "limit": {"first": 3},
            "criteria": {"type": "threshold", "activity": "call", "at_least": 1},
        },
        "balance": {
            "name": "Balance",
            "on_unmet": "revoke",
            "criteria": {"type": "threshold", "measure": "sum", "at_least": 100},
        },
    },
    {ORG: {"time_zone": "Europe/Oslo"}, OTHER: {"time_zone": "UTC"}},
)
Acting = Callable[..., AbstractContextManager[None]]


def _ruled(connection: Connection) -> None:
    apply(connection, RULES)
    connection.execute("select badges.register_consumer('relay', array['awarded', 'restored'])")


PREPARED = {"ruled": _ruled}


@pytest.fixture
def ruled(connection: Connection) -> Connection:
    """A database with the rules and a consumer."""
    return connection


@pytest.fixture
def acting(connection: Connection) -> Acting:
    """Act as a role, with a token's claims: with acting("pgmerit_reader"): .."""

    @contextmanager
    def act(role: str, claims: Any = None) -> Iterator[None]:
        with connection.transaction(force_rollback=True):
            connection.execute(
                "select set_config('request.jwt.claims', %s, true)",
                ("" if claims is None else json.dumps(claims),),
            )
            connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
            yield

    return act


def held(connection: Connection, who: UUID, badge: str, occurrence: int = 1) -> Row | None:
    """Give an award of a person, revoked or not."""
    found = rows(
        connection,
        "select * from badges.earned_badges where peer_mentor_id = %s and badge_definition_id = %s"
        " and occurrence = %s",
        who,
        badge,
        occurrence,
    )
    return found[0] if found else None


def assert_exact(connection: Connection) -> None:
    """Fail unless snapshot and awards equal a recomputation."""
    for what in ("stats", "awards"):
        assert rows(connection, f"select * from badges.verify_{what}()") == []
