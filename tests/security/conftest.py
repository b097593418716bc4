"""Login roles of the tests' own: roles are the cluster's, so each has a name nobody else uses."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator

import pytest
from pgmerit import database
from pgmerit.database import Connection
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

Login = Callable[..., str]
_numbers = itertools.count()


@pytest.fixture
def login(connection: Connection, dsn: str) -> Iterator[Login]:
    """Make a role that may log in and is a member of the named ones; gives its dsn."""
    made: list[str] = []

    def new(*member_of: str) -> str:
        role, password = f"pgmerit_test_{os.getpid()}_{next(_numbers)}", "not a secret"
        connection.execute(
            sql.SQL("create role {} login password {}").format(sql.Identifier(role), password)
        )
        made.append(role)
        for group in member_of:
            connection.execute(
                sql.SQL("grant {} to {}").format(sql.Identifier(group), sql.Identifier(role))
            )
        return make_conninfo(dsn, user=role, password=password)

    yield new
    for role in made:
        connection.execute(sql.SQL("drop owned by {} cascade").format(sql.Identifier(role)))
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))


@pytest.fixture
def session(login: Login) -> Iterator[Callable[..., Connection]]:
    """Open a session of a new role that is a member of the named ones."""
    with contextlib.ExitStack() as opened:

        def opening(*member_of: str) -> Connection:
            return opened.enter_context(
                contextlib.closing(database.connect(login(*member_of), autocommit=True))
            )

        yield opening


def role_of(dsn: str) -> str:
    """Give the role that a dsn names."""
    return str(conninfo_to_dict(dsn)["user"])
