"""The database of settings.DATABASES as pgmerit names it."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pgmerit.database import dsn_of as dsn_of_connection


def dsn_of(alias: str = DEFAULT_DB_ALIAS) -> str:
    """Give the connection string of a database, as the role that Django assumes there.

    Raises ImproperlyConfigured where it is no PostgreSQL.
    """
    connection = connections[alias]
    if connection.vendor != "postgresql":
        raise ImproperlyConfigured(
            f"pgmerit lives in PostgreSQL, and DATABASES[{alias!r}] is {connection.vendor}: keep"
            " the app away from it by a database router"
        )
    connection.ensure_connection()
    dsn = dsn_of_connection(connection.connection)
    role = connection.settings_dict["OPTIONS"].get("assume_role")
    if not role:
        return dsn
    escaped = role.replace("\\", r"\\").replace(" ", r"\ ")
    options = conninfo_to_dict(dsn).get("options") or ""
    return make_conninfo(dsn, options=f"{options} -c role={escaped}".strip())
