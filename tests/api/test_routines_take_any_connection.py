"""pgmerit.routines on connections of an application, which makes rows of its own; pgmerit.aio."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import psycopg
import pytest
from pgmerit import aio, routines
from pgmerit.database import Connection
from psycopg.rows import class_row, namedtuple_row, tuple_row

from tests.engine import ORG, apply, person, rule_set

LASTING = True

WHO = person("ann")


@pytest.fixture
def ruled(connection: Connection) -> Connection:
    apply(connection, rule_set({"first": {"type": "threshold", "activity": "call", "at_least": 1}}))
    return connection


def names(told: dict[str, Any]) -> list[str]:
    return [each["badge_definition_id"] for each in told["new_badges"]]


@pytest.mark.parametrize("make", [tuple_row, namedtuple_row, class_row(dict)])
def test_rows_of_any_kind(ruled: Connection, dsn: str, make: Any) -> None:
    with psycopg.connect(dsn, row_factory=make) as session:
        assert names(routines.record_activity(session, WHO, ORG, "call")) == ["first"]
        assert [row["badge_definition_id"] for row in routines.new_badges(session)] == ["first"]
        assert routines.mark_seen(session, WHO, ORG) == 1


def test_an_asynchronous_connection_is_awaited(ruled: Connection, dsn: str) -> None:
    async def work() -> None:
        async with await psycopg.AsyncConnection.connect(dsn) as session:
            assert names(await aio.record_activity(session, WHO, ORG, "call")) == ["first"]
            (held,) = await aio.unseen_awards(session, WHO, ORG)
            assert held["badge_definition_id"] == "first"

    asyncio.run(work())


def test_aio_has_every_routine_and_nothing_else() -> None:
    known = {
        name
        for name, each in vars(routines).items()
        if inspect.isfunction(each)
        and each.__module__ == routines.__name__
        and not name.startswith("_")
    }
    assert {name for name in dir(aio) if not name.startswith("_")} == known
    assert all(callable(getattr(aio, name)) for name in known)
    for name in ("no_such", "_value", "Connection"):
        with pytest.raises(AttributeError, match="has no routine"):
            getattr(aio, name)
