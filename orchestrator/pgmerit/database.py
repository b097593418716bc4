"""Connections and retries."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from pgmerit.errors import PgmeritError, ServerTooOldError, translate

OLDEST_SERVER = 15
MANY_ROWS = 10_000

Connection = psycopg.Connection[dict[str, Any]]
T = TypeVar("T")


def connect(dsn: str, *, autocommit: bool = False) -> Connection:
    """Open a connection whose rows are dictionaries.

    Raises PgmeritError when there is no server, no right to enter, or a server before 15.
    """
    try:
        given = conninfo_to_dict(dsn)
    except psycopg.Error as exc:
        raise PgmeritError(
            "the connection string cannot be read",
            "Use postgresql://user@host:port/database or key=value pairs.",
        ) from exc
    defaults: dict[str, str | int] = {"connect_timeout": 10, "fallback_application_name": "pgmerit"}
    missing = {name: value for name, value in defaults.items() if name not in given}
    try:
        connection = psycopg.connect(
            make_conninfo(dsn, **missing), autocommit=autocommit, row_factory=dict_row
        )
    except psycopg.Error as exc:
        raise translate(exc) from exc
    version = connection.info.server_version
    if version < OLDEST_SERVER * 10000:
        connection.close()
        raise ServerTooOldError(
            f"the server is PostgreSQL {version // 10000}.{version % 10000}, "
            f"which is too old: pgmerit needs {OLDEST_SERVER} or newer",
            "Upgrade the server, or use the embedded one with `pgmerit db start`.",
        )
    return connection


def connect_alike(connection: Connection) -> Connection:
    """Open another connection to where one leads, as the same role, in autocommit.

    Raises PgmeritError as `connect` does.
    """
    return connect(dsn_of(connection), autocommit=True)


def dsn_of(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> str:
    """Give the connection string by which a connection was opened, with its password."""
    told = connection.info
    secret = {"password": told.password} if told.password else {}
    return make_conninfo(told.dsn, **secret)


def is_free(connection: Connection) -> bool:
    """Tell whether a session takes a statement: after a stop one may still be answered."""
    return connection.info.transaction_status in (TransactionStatus.IDLE, TransactionStatus.INTRANS)


def require_direct(connection: Connection) -> None:
    """Raise PgmeritError where a pooler stands between: the session would not be ours alone."""
    row = connection.execute("select pg_catalog.pg_backend_pid() as pid").fetchone()
    if row is None or row["pid"] != connection.info.backend_pid:
        raise PgmeritError(
            "a pooler stands between here and the server",
            "Name the server itself with --dsn: the work needs a session of its own.",
        )


def analyze_filled(connection: Connection, rows: int) -> None:
    """Have the statistics of what many rows were just put into; the server's own come later.

    Until then what reads them is planned for empty tables. The columns are those that plans ask
    about. What the role may not analyze, or somebody else works on, is left as it is.
    """
    if rows >= MANY_ROWS:
        connection.execute(
            "analyze (skip_locked) "
            "badges.activities (peer_mentor_id, org_id, activity_type, occurred_at, activity_date),"
            " badges.peer_mentor_stats (peer_mentor_id, org_id, stat, bucket, rule_set_version),"
            " badges.earned_badges"
            " (peer_mentor_id, org_id, badge_definition_id, tier, occurrence, source, revoked_by)"
        )


# Others stood in the way of a transaction, which may do better when they have ended.
IN_THE_WAY = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)
LOCKED_OUT = (*IN_THE_WAY, psycopg.errors.LockNotAvailable)


def retry(
    work: Callable[[], T],
    *,
    attempts: int = 8,
    on: tuple[type[psycopg.Error], ...] = IN_THE_WAY,
) -> T:
    """Run `work`, a whole transaction, again while it fails with 40001 or 40P01, or as `on` says.

    Waits between the tries, longer each time and by chance, at most about two seconds.
    """
    for attempt in range(1, attempts):
        try:
            return work()
        except on:
            time.sleep(random.uniform(0, min(2.0, 0.02 * 2**attempt)))  # noqa: S311
    return work()
