"""Django in this process, set up once, on the database of each test."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import django
import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from pgmerit import database
from pgmerit.database import Connection
from pgmerit.rules import versions
from psycopg.conninfo import conninfo_to_dict

from tests.house.sources import ROOT

APP = ROOT / "docs/how-to/django"


def use(dsn: str) -> None:
    """Have Django's default connection lead to a database."""
    if str(APP) not in sys.path:
        sys.path.insert(0, str(APP))
        os.environ["DJANGO_SETTINGS_MODULE"] = "study.settings"
        django.setup()
    named = conninfo_to_dict(dsn)
    connections["default"].close()
    connections["default"].settings_dict.update(
        NAME=named["dbname"],
        HOST=named["host"],
        PORT=named.get("port", ""),
        USER=named["user"],
        PASSWORD=named.get("password", ""),
    )


def with_tables(connection: Connection) -> None:
    """Make the application's tables and apply its rules, once for the tests of a module."""
    use(database.dsn_of(connection))
    call_command("migrate", verbosity=0)
    versions.apply(connection, versions.load_document(APP / "badges.yaml"))
    connections["default"].close()


PREPARED = {"study": with_tables}


@pytest.fixture
def study(dsn: str) -> Iterator[None]:
    """The study application on the test's database."""
    use(dsn)
    yield
    connections["default"].close()


@pytest.fixture
def on_empty(empty_dsn: str) -> Iterator[psycopg.Connection]:
    """Django on a database with nothing in it, and another connection to that."""
    use(empty_dsn)
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        yield connection
    connections["default"].close()
