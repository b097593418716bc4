"""Errors that a person can act on, and the one place that makes them from an SQLSTATE."""

from __future__ import annotations

import json
from typing import Any

import psycopg


class PgmeritError(Exception):
    """A known error: one line for the person, a hint, and details for machines.

    `details` is a list of objects, usually with the keys `path` and `message`.
    `exit_code` is what the command line ends with; `sqlstate` is the database's code, if it spoke.
    """

    def __init__(
        self,
        message: str,
        hint: str | None = None,
        details: list[dict[str, Any]] | None = None,
        exit_code: int = 2,
        *,
        sqlstate: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details or []
        self.exit_code = exit_code
        self.sqlstate = sqlstate

    def as_json(self) -> dict[str, Any]:
        """Give the error as the command line prints it with `--format json`."""
        body: dict[str, Any] = {"message": self.message}
        if self.hint:
            body["hint"] = self.hint
        if self.details:
            body["details"] = self.details
        if self.sqlstate:
            body["sqlstate"] = self.sqlstate
        return {"error": body}


class StoppedError(KeyboardInterrupt):
    """Ctrl-C, with a text that says what stands now and which command goes on."""


class ServerUnreachableError(PgmeritError):
    """No server answers, or it ended the conversation."""


class ServerTooOldError(PgmeritError):
    """The server is older than the oldest that pgmerit supports."""


class NoRightsError(PgmeritError):
    """The role may not do what was asked."""


class NotMigratedError(PgmeritError):
    """The database has no pgmerit in it, or an older one."""


class InvalidInputError(PgmeritError):
    """A value, a document or a row that the database refuses."""


class UnknownObjectError(PgmeritError):
    """An organization, badge, person or rule set that is not there."""


class BusyError(PgmeritError):
    """Another session holds what was needed, or a limit of time was reached."""


class EngineError(PgmeritError):
    """The engine found its own data in disorder; `verify` tells more."""


_BY_STATE: dict[str, tuple[type[PgmeritError], str | None]] = {
    "02000": (UnknownObjectError, None),
    "28000": (NoRightsError, "Check the user name and the server's pg_hba.conf."),
    "28P01": (NoRightsError, "Check the password; ~/.pgpass or a service file is a good place."),
    "3D000": (ServerUnreachableError, "Create the database, or name another with --dsn."),
    "3F000": (NotMigratedError, "Run `pgmerit migrate` on this database first."),
    "42501": (NoRightsError, "Use a role that owns or may use the schemas of pgmerit."),
    "42704": (UnknownObjectError, None),
    "42883": (NotMigratedError, "Run `pgmerit migrate` on this database first."),
    "42P01": (NotMigratedError, "Run `pgmerit migrate` on this database first."),
    "55P03": (BusyError, "Another session holds a lock; try again when it has ended."),
    "57014": (BusyError, "The statement was cancelled, or statement_timeout was reached."),
    "P0002": (UnknownObjectError, None),
}

_BY_CLASS: dict[str, tuple[type[PgmeritError], str | None]] = {
    "08": (ServerUnreachableError, "Is the server running, and is the address right?"),
    "22": (InvalidInputError, None),
    "23": (InvalidInputError, None),
    "25": (NoRightsError, "The session is read-only; use the primary server."),
    "40": (BusyError, "Two sessions stood in each other's way; run it again."),
    "53": (BusyError, "The server is short of connections, memory or disk."),
    "57": (ServerUnreachableError, "The server is starting, stopping or was restarted."),
    "MB": (EngineError, None),
}


def _parse_details(detail: str | None) -> list[dict[str, Any]]:
    """Give DETAIL as a list of objects: our routines put problems there as JSON."""
    if not detail:
        return []
    try:
        parsed = json.loads(detail)
    except ValueError:
        return []
    items = parsed if isinstance(parsed, list) else [parsed]
    return items if all(isinstance(item, dict) for item in items) else []


def translate(exc: psycopg.Error) -> PgmeritError:
    """Turn a driver's exception into the class that its SQLSTATE stands for."""
    state = exc.sqlstate
    if state is None:
        if isinstance(exc, psycopg.OperationalError):
            return ServerUnreachableError(
                _first_line(str(exc)), "Is the server running, and is the address right?"
            )
        return PgmeritError(_first_line(str(exc)))
    kind, hint = _BY_STATE.get(state) or _BY_CLASS.get(state[:2]) or (PgmeritError, None)
    message = exc.diag.message_primary or _first_line(str(exc))
    details = _parse_details(exc.diag.message_detail)
    if exc.diag.message_detail and not details:
        message = f"{message}: {_first_line(exc.diag.message_detail)}"
    return kind(message, exc.diag.message_hint or hint, details, sqlstate=state)


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return lines[0] if lines else "the database reported an error without words"
