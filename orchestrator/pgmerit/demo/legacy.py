"""What came before pgmerit: a table of awards without a key, and the application that writes it."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

import psycopg
from pgmerit import adopting, dedupe
from pgmerit.database import Connection, connect
from psycopg import sql

TABLE = "pgmerit_demo_old_app.user_badges"
OPTIONS = dedupe.Options(key=("user_id", "badge_id"), keep="earned_at")
ADOPTED = adopting.AdoptOptions(
    person="user_id",
    badge="badge_id",
    earned_at="earned_at",
    org_id="study",
    badges={"newcomer": "getting_started", "xp-1": "first_xp", "xp-50": "50_xp"},
    namespace="old-app",
)

_USERS = 15_000
_PAUSE = 0.002

# Two badges and more a user; one in a hundred awards stands there twice, a later one too.
_MAKE = """
create schema if not exists pgmerit_demo_old_app;
create table pgmerit_demo_old_app.user_badges (
    user_id bigint not null,
    badge_id text not null,
    earned_at timestamptz not null
);
insert into pgmerit_demo_old_app.user_badges
select
    person, badge.badge_id,
    {until}::timestamptz - interval '2 years' + (person % 700 + badge.days) * interval '1 day'
from generate_series(1, {users}) as person
cross join (
    values ('newcomer', 0), ('xp-1', 1), ('xp-50', 20), ('beta-tester', 3)
) as badge (badge_id, days)
where badge.days < 20 and badge.badge_id <> 'beta-tester'
or badge.badge_id = 'xp-50' and person % 3 = 0
or badge.badge_id = 'beta-tester' and person % 200 = 0;
insert into pgmerit_demo_old_app.user_badges
select user_id, badge_id, earned_at + interval '3 hours'
from pgmerit_demo_old_app.user_badges
where user_id % 100 = 0;
analyze pgmerit_demo_old_app.user_badges;
"""


@dataclass
class Written:
    """What the application met while the table was made right."""

    inserted: int = 0
    refused: int = 0  # duplicates, once the key was unique
    longest_wait_ms: int = 0


class Application(threading.Thread):
    """Goes on inserting awards, many of them a second time, until its block ends."""

    def __init__(self, dsn: str, until: datetime) -> None:
        super().__init__(name="old application", daemon=True)
        self.written = Written()
        self.failed: Exception | None = None
        self._dsn = dsn
        self._until = until
        self._is_over = threading.Event()

    def run(self) -> None:
        """Insert until told to stop."""
        try:
            with closing(connect(self._dsn, autocommit=True)) as connection:
                number = 0
                while not self._is_over.wait(_PAUSE):
                    number += 1
                    self._insert(connection, _USERS + 1 + number // 2)
        except Exception as exc:
            self.failed = exc

    def _insert(self, connection: Connection, user_id: int) -> None:
        began = time.perf_counter()
        try:
            connection.execute(
                "insert into pgmerit_demo_old_app.user_badges values (%s, 'newcomer', %s)",
                (user_id, self._until),
            )
            self.written.inserted += 1
        except psycopg.errors.UniqueViolation:
            self.written.refused += 1
        waited = round((time.perf_counter() - began) * 1000)
        self.written.longest_wait_ms = max(self.written.longest_wait_ms, waited)

    def __enter__(self) -> Application:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self.join()
        if self.failed is not None and value is None:
            raise self.failed


def make_table(connection: Connection, scale: float, until: datetime) -> None:
    """Make the old application's table, unless it is there; nothing in it is later than `until`."""
    found = connection.execute("select to_regclass(%s) is not null as is_there", (TABLE,))
    if (row := found.fetchone()) and row["is_there"]:
        return
    connection.execute(
        sql.SQL(_MAKE).format(
            users=sql.Literal(max(200, round(_USERS * scale))),
            until=sql.Literal(until - timedelta(days=60)),
        )
    )


def make_right(connection: Connection, dsn: str, until: datetime) -> dict[str, Any]:
    """Deduplicate the table beside the application that writes to it."""
    reported = dedupe.report(connection, TABLE, OPTIONS)
    with Application(dsn, until) as application:
        done = dedupe.apply(
            connection,
            TABLE,
            OPTIONS,
            connect=lambda: connect(dsn, autocommit=True),
        )
        # The key is there: from now on the application hears of a duplicate.
        _wait_until_refused(application)
    written = application.written
    return {
        "rows": reported["rows"],
        "duplicates found": reported["removed"],
        "removed into the archive": done["removed"],
        "constraint": done["constraint"],
        "written meanwhile": written.inserted,
        "refused by the constraint": written.refused,
        "longest wait of the writer, ms": written.longest_wait_ms,
    }


def _wait_until_refused(application: Application) -> None:
    ends = time.monotonic() + 10
    while not application.written.refused and application.is_alive() and time.monotonic() < ends:
        time.sleep(_PAUSE)


def take_over(connection: Connection) -> adopting.Report:
    """Adopt the table's awards into the study app."""
    source = adopting.find_source(connection, TABLE)
    return adopting.adopt(connection, source, ADOPTED)
