"""A table of an application, its source, and the activities that its rows must be."""

from __future__ import annotations

from typing import Any

from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import Row, apply, rows, rule_set, value

TABLE = """
create table public.quiz_results (
    id bigint generated always as identity primary key,
    user_id uuid,
    club text,
    finished_at timestamptz,
    score numeric,
    course text,
    difficulty integer,
    status text not null default 'done',
    note text
)
"""
QUIZ = {
    "table": "public.quiz_results",
    "person": "user_id",
    "organization": {"column": "club"},
    "type": "quiz",
    "at": "finished_at",
    "quantity": "score",
    "attributes": ["course", "difficulty"],
    "only": {"status": "done"},
}
RULES = rule_set(
    {
        "first": {"type": "threshold", "activity": "quiz", "at_least": 1},
        "ten": {"type": "threshold", "activity": "quiz", "at_least": 10},
        "points": {"type": "threshold", "activity": "quiz", "measure": "sum", "at_least": 50},
    },
    {"nhf": {"time_zone": "Europe/Oslo"}, "hlf": {"time_zone": "Asia/Tokyo"}},
)


def prepare(connection: Connection) -> None:
    """Make the table and apply the rules."""
    connection.execute(TABLE.encode())
    apply(connection, RULES)


def attach(connection: Connection, source: str = "quiz", **changes: Any) -> Row:
    """Attach the table and bring in its rows; gives what attach_source told."""
    told: Row = value(
        connection, "select badges.attach_source(%s, %s)", source, Jsonb({**QUIZ, **changes})
    )
    bring_in(connection, source)
    return told


def bring_in(connection: Connection, source: str = "quiz", batch: int = 1000) -> int:
    """Bring in what is left; gives how many activities."""
    brought_in = 0
    while True:
        step = value(connection, "select badges.bring_in_source(%s, %s)", source, batch)
        brought_in += step["brought_in"]
        if step["is_done"]:
            return brought_in


def repair(connection: Connection, source: str = "quiz", *, from_start: bool = False) -> Row:
    """Try what was set aside; gives the last step."""
    while True:
        step: Row = value(
            connection, "select badges.repair_source(%s, 1000, %s)", source, from_start
        )
        if step["is_done"]:
            return step
        from_start = False


def differences(connection: Connection, source: str = "quiz") -> list[Row]:
    """Give what verify_source lists."""
    return rows(connection, "select * from badges.verify_source(%s)", source)
