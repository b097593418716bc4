"""A legacy table without its unique key, and the command on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pgmerit.database import Connection

from tests.conftest import CliResult
from tests.engine import Row, rows

LEGACY = ("dedupe", "user_badges", "--key", "user_id,badge_id", "--keep", "earned_at")
TABLE = """
create table user_badges (
    id bigint generated always as identity primary key,
    user_id bigint not null,
    badge_id text not null,
    earned_at timestamptz,
    note text
)
"""


def fill(connection: Connection, *, people: int, copies: int) -> None:
    """Give each person one badge so many times, an hour apart, the earliest last."""
    connection.execute(
        "insert into user_badges (user_id, badge_id, earned_at, note)"
        " select n, 'first', timestamptz '2026-03-01' - copy * interval '1 hour', 'copy ' || copy"
        " from generate_series(1, %s) as n, generate_series(1, %s) as copy",
        (people, copies),
    )


def content(connection: Connection, table: str = "user_badges") -> list[Row]:
    """List the whole rows of a table, as text in an order of their own."""
    return rows(connection, f"select * from {table} as t order by t::text")


def dedupe(run: Callable[..., CliResult], *more: object, on: tuple[str, ...] = LEGACY) -> Any:
    """Apply, and give what is printed."""
    done = run(*on, "--apply", "--format", "json", *more)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)
