"""The database of settings.DATABASES as pgmerit names it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg.conninfo import conninfo_to_dict, make_conninfo


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
    told = connection.connection.info
    given: dict[str, Any] = conninfo_to_dict(told.dsn)
    if told.password:
        given["password"] = told.password
    role = connection.settings_dict["OPTIONS"].get("assume_role")
    if role:
        escaped = role.replace("\\", r"\\").replace(" ", r"\ ")
        given["options"] = f"{given.get('options') or ''} -c role={escaped}".strip()
    return make_conninfo(**given)
