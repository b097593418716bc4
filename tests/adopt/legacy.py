"""What the tests of adopt share: a table of awards as applications keep it, and its taking over."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pgmerit.database import Connection

from tests.conftest import CliResult
from tests.engine import Row, rows, rule_set

Cli = Callable[..., CliResult]

COLUMNS = ("--person=user_id", "--badge=badge_id", "--earned-at=earned_at")
DOCUMENT = rule_set(
    {
        "first": {"type": "threshold", "activity": "call", "at_least": 1},
        "tenth": {"type": "threshold", "activity": "call", "at_least": 10},
        "levels": {
            "type": "tier",
            "activity": "call",
            "tiers": [{"tier": "bronze", "at_least": 2}, {"tier": "silver", "at_least": 20}],
        },
        "again": {
            "type": "threshold",
            "activity": "call",
            "at_least": 2,
            "repeat": {"every": 2, "max": 5},
        },
        "collector": {"type": "badges_earned", "at_least": 3},
        "regular": {
            "name": "regular",
            "on_unmet": "revoke",
            "criteria": {"type": "threshold", "activity": "mail", "at_least": 1},
        },
        "both": {
            "type": "all_of",
            "criteria": [
                {"type": "threshold", "activity": "chat", "at_least": 1},
                {"type": "badges_earned", "badges": ["first"], "at_least": 1},
            ],
        },
        "thanks": {"type": "manual"},
    }
)


def fill(connection: Connection, *awards: tuple[Any, Any, Any], table: str = "user_badges") -> None:
    with connection.cursor() as cursor:
        cursor.executemany(f"insert into public.{table} values (%s, %s, %s)".encode(), awards)


def adopt(cli: Cli, dsn: str, *options: str, table: str = "public.user_badges") -> Row:
    told = cli("adopt", table, *COLUMNS, *options, "--format=json", dsn=dsn)
    assert told.exit_code in (0, 1), told.stderr
    result: Row = json.loads(told.stdout)
    assert told.exit_code == (1 if result["left_out"] else 0)
    return result


def held(connection: Connection) -> list[tuple[Any, ...]]:
    return [
        tuple(row.values())
        for row in rows(
            connection,
            "select peer_mentor_id, badge_definition_id, tier, occurrence, source,"
            " to_char(earned_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as earned_at"
            " from badges.earned_badges order by 2, 3, 4, 1",
        )
    ]
