"""A database that may go away for a while."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from threading import Event

import psycopg

from pgmerit import database
from pgmerit.errors import BusyError, PgmeritError, ServerUnreachableError, translate

_LONGEST_WAIT = 30.0


class Reconnecting:
    """Runs work on a connection, and again on a new one whenever the server went away."""

    def __init__(self, dsn: str, stop: Event, tell: Callable[[str], None]) -> None:
        self._dsn = dsn
        self._stop = stop
        self._tell = tell

    def keep(self, work: Callable[[database.Connection], None]) -> None:
        """Run the work until it returns; raises PgmeritError where a new connection is no help."""
        failures = 0
        while True:
            try:
                with contextlib.closing(database.connect(self._dsn, autocommit=True)) as connection:
                    # A pooler may give each transaction another session.
                    connection.prepare_threshold = None
                    if failures:
                        self._tell("the database is there again")
                    failures = 0
                    work(connection)
                    return
            except (psycopg.Error, PgmeritError) as exc:
                error = translate(exc) if isinstance(exc, psycopg.Error) else exc
                # An interface error is a connection used after it was lost.
                is_passing = isinstance(error, ServerUnreachableError | BusyError)
                if not is_passing and not isinstance(exc, psycopg.InterfaceError):
                    raise error from exc
                if not failures:
                    self._tell(f"the database does not answer: {error.message}; tried again")
                failures += 1
            wait = min(_LONGEST_WAIT, 0.25 * 2 ** min(failures, 10))
            if self._stop.wait(wait * random.uniform(0.5, 1)):  # noqa: S311
                return
