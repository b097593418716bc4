"""A legacy table without its unique key, and the command on it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from pgmerit import dedupe
from pgmerit.database import Connection, connect

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


def apply(run: Callable[..., CliResult], *more: object, on: tuple[str, ...] = LEGACY) -> Any:
    """Apply, and give what is printed."""
    done = run(*on, "--apply", "--format", "json", *more)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def apply_hooked(
    dsn: str,
    *,
    on_progress: Callable[[str], None] = lambda description: None,
    tell: Callable[[str], None] = lambda message: None,
    **options: Any,
) -> Row:
    """Apply by the package; `on_progress` is called at the begin of each stretch of work."""

    @contextlib.contextmanager
    def progress(description: str, total: float | None) -> Iterator[Callable[[float], None]]:
        on_progress(description)
        yield lambda steps: None

    chosen = dedupe.Options(
        **{"key": ("user_id", "badge_id"), "keep": "earned_at", "give_up_after": 5.0} | options
    )
    with contextlib.closing(connect(dsn, autocommit=True)) as connection:
        return dedupe.apply(
            connection,
            "user_badges",
            chosen,
            connect=lambda: connect(dsn),
            progress=progress,
            tell=tell,
        )


class Once:
    """Do something the first time that a stretch of work begins."""

    def __init__(self, description: str, work: Callable[[], object]) -> None:
        self.description = description
        self.work = work
        self.is_done = False

    def __call__(self, description: str) -> None:
        if description == self.description and not self.is_done:
            self.is_done = True
            self.work()


def duplicates(connection: Connection) -> int:
    """Count the keys that two rows or more have."""
    return len(
        rows(
            connection,
            "select from user_badges group by user_id, badge_id having count(*) > 1",
        )
    )


INSERT = "insert into user_badges (user_id, badge_id, earned_at) values (%s, 'first', now())"
CONSTRAINT = "user_badges_user_id_badge_id_key"
