"""Login roles of the tests' own: roles are the cluster's, so each has a name nobody else uses."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator

import psycopg
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


@pytest.fixture
def owner(login: Login, empty_dsn: str) -> Iterator[str]:
    """The dsn of a role that may create schemas in an empty database, and is no superuser."""
    yield from _creator(login, empty_dsn)


@pytest.fixture
def stranger(login: Login, empty_dsn: str) -> Iterator[str]:
    """Another such role."""
    yield from _creator(login, empty_dsn)


def _creator(login: Login, empty_dsn: str) -> Iterator[str]:
    role = role_of(login())
    name = conninfo_to_dict(empty_dsn)["dbname"]
    run_as(empty_dsn, f"grant create on database {name} to {role}")
    yield make_conninfo(empty_dsn, user=role, password="not a secret")
    run_as(empty_dsn, f"drop owned by {role} cascade")


def run_as(dsn: str, statement: str) -> None:
    """Run a statement in a session of its own."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode())


def role_of(dsn: str) -> str:
    """Give the role that a dsn names."""
    return str(conninfo_to_dict(dsn)["user"])
