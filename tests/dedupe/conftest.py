"""A database without pgmerit that holds a legacy table."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from pgmerit import database

from tests.conftest import CliResult
from tests.dedupe.legacy import TABLE

Cli = Callable[..., CliResult]


@pytest.fixture
def session(empty_dsn: str) -> Iterator[Callable[..., database.Connection]]:
    """Open sessions on the database."""
    with contextlib.ExitStack() as opened:

        def opening(*, autocommit: bool = True) -> database.Connection:
            return opened.enter_context(
                contextlib.closing(database.connect(empty_dsn, autocommit=autocommit))
            )

        yield opening


@pytest.fixture
def legacy(session: Callable[..., database.Connection]) -> database.Connection:
    """A connection to it, with the empty table user_badges."""
    connection = session()
    connection.execute(TABLE.encode())
    return connection


@pytest.fixture
def run(cli: Cli, empty_dsn: str) -> Cli:
    """The command line on that database."""
    return partial(cli, dsn=empty_dsn)
