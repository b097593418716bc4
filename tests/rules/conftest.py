"""A database for tests that only ask: one for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from orchestrator import database
from tests.conftest import Server, _made_database


@pytest.fixture(scope="session")
def asking(
    server: Server, _admin: Any, _template: str, _database_names: Iterator[str]
) -> Iterator[database.Connection]:
    """A connection to a migrated database that no test writes to."""
    name = next(_database_names)
    with (
        _made_database(_admin, name, _template),
        closing(database.connect(server.dsn(name), autocommit=True)) as connection,
    ):
        connection.execute("set default_transaction_read_only = on")
        yield connection
