"""Where the database is and where our own state lies."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pgmerit.errors import PgmeritError

_LIBPQ_VARIABLES = ("PGSERVICE", "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER")


def home_dir() -> Path:
    """Give the folder of our own state: PGMERIT_HOME, else the usual place for this user."""
    named = os.environ.get("PGMERIT_HOME")
    if named:
        return Path(named).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/pgmerit")
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "pgmerit"


def resolve_dsn(dsn: str | None, home: Path | None = None) -> str:
    """Say which database is meant: `dsn`, PGMERIT_DSN, libpq's own variables, the embedded server.

    An empty string means that libpq finds everything in its variables and service files.
    Raises PgmeritError when none of them names one and the embedded server does not run.
    """
    named = dsn or os.environ.get("PGMERIT_DSN")
    if named:
        return _checked(named)
    if any(os.environ.get(name) for name in _LIBPQ_VARIABLES):
        return ""
    from pgmerit.server.persistent import PersistentServer

    server = PersistentServer(home or home_dir())
    if not server.is_running():
        raise PgmeritError(
            "no database is named and the embedded server does not run",
            "Run `pgmerit db start`, or name a database with --dsn, PGMERIT_DSN or PGHOST.",
        )
    return server.dsn()


def named_elsewhere(dsn: str) -> str | None:
    """Give the variable that names another server than `dsn` to most commands, if any does."""
    named = os.environ.get("PGMERIT_DSN")
    if named:
        with suppress(psycopg.Error):
            if is_same_server(named, dsn):
                return None
        return "PGMERIT_DSN"
    host = conninfo_to_dict(dsn).get("host")
    for name in _LIBPQ_VARIABLES:
        if (value := os.environ.get(name)) and (name != "PGHOST" or value != host):
            return name
    return None


def is_same_server(one: str, other: str) -> bool:
    """Tell whether two connection strings name the same server, of whatever database."""
    first, second = conninfo_to_dict(one), conninfo_to_dict(other)
    return all(first.get(name) == second.get(name) for name in ("host", "port"))


def without_secrets(dsn: str) -> str:
    """Give a connection string that libpq can read without the secrets in it."""
    parts = conninfo_to_dict(dsn)
    secret = [name for name in ("password", "sslpassword", "oauth_client_secret") if name in parts]
    return make_conninfo("", **(parts | dict.fromkeys(secret))) if secret else dsn


def _checked(dsn: str) -> str:
    """Refuse a connection string that libpq cannot read, without repeating it."""
    try:
        conninfo_to_dict(dsn)
    except psycopg.Error as exc:
        # libpq's message repeats the text, and with it a password.
        raise PgmeritError(
            "the connection string cannot be read",
            "Use postgresql://user@host:port/database or key=value pairs.",
        ) from exc
    return dsn
