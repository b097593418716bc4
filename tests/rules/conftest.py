"""A database for tests that only ask: one for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from pgmerit import database
from pytest_postgresql.executors import NoopExecutor

from tests.conftest import NewDatabase, Server


@pytest.fixture(scope="session")
def asking(
    server: Server, new_database: NewDatabase, postgresql_noproc: NoopExecutor
) -> Iterator[database.Connection]:
    """A connection to a migrated database that no test writes to."""
    with (
        new_database(postgresql_noproc.template_dbname) as name,
        closing(database.connect(server.dsn(name), autocommit=True)) as connection,
    ):
        connection.execute("set default_transaction_read_only = on")
        yield connection
