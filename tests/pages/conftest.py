"""A database with people of two organizations, whose names would be markup in a careless page."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from pgmerit import database, verify
from playwright.sync_api import Browser
from pytest_postgresql.executors import NoopExecutor

from tests.conftest import NewDatabase, Server
from tests.engine import apply, rule_set
from tests.pages.browser import chromium

NORTH, SOUTH = "north", "south"
NORTH_NAME = "<b>North</b> & 'East'"
BADGES: dict[str, Any] = {
    "calls": {
        "name": {"en": "Calls <i>", "nb": "Samtaler"},
        "criteria": {
            "type": "tier",
            "activity": "call",
            "tiers": [
                {"tier": "low", "at_least": 3, "name": {"en": "Few", "nb": "Få"}},
                {"tier": "high", "at_least": 10},
            ],
        },
    },
    "hours": {"type": "threshold", "measure": "sum", "at_least": 12.5},
    "again": {"type": "threshold", "at_least": 4, "repeat": {"every": 4, "max": 9}},
    "daily": {"type": "streak", "unit": "day", "length": 5},
    "rare": {"type": "threshold", "at_least": 900},
    "both": {
        "type": "all_of",
        "criteria": [
            {"type": "threshold", "activity": "call", "at_least": 2},
            {"type": "threshold", "activity": "visit", "at_least": 6},
        ],
    },
}
ORGANIZATIONS = {
    NORTH: {"name": NORTH_NAME, "time_zone": "Europe/Oslo"},
    SOUTH: {"badges": ["calls", "hours"], "week_starts": "sunday"},
}
# Other numbers, a badge more and one less, and one that begins to take back.
CHANGED = rule_set(
    {
        **BADGES,
        "calls": BADGES["calls"] | {
            "criteria": {"type": "tier", "activity": "call", "tiers": [
                {"tier": "low", "at_least": 2}, {"tier": "top", "at_least": 15},
            ]},
        },
        "daily": {"type": "streak", "unit": "day", "length": 8},
        "hours": {
            "name": "Hours",
            "on_unmet": "revoke",
            "criteria": {"type": "threshold", "measure": "sum", "at_least": 20},
        },
        "evenings": {
            "type": "threshold", "activity": "call", "when": {"weekdays": ["sat", "sun"]},
            "at_least": 3,
        },
    },
    ORGANIZATIONS,
)  # fmt: skip
del CHANGED["badges"]["rare"]
# Person n of 20 does n calls on days in a row, and two visits where n is even.
_FILL = """
insert into badges.activities
    (peer_mentor_id, org_id, activity_type, occurred_at, quantity)
select
    md5(person::text)::uuid, case when person % 4 = 0 then 'south' else 'north' end,
    kind.kind, now() - (person + number) * interval '1 day', 1.25
from generate_series(1, 20) as person
cross join (values ('call', 1), ('visit', 2)) as kind (kind, rarity)
cross join generate_series(1, person) as number
where kind.kind = 'call' or (person % 2 = 0 and number <= 2)
"""


@pytest.fixture(scope="session")
def filled_dsn(
    server: Server, new_database: NewDatabase, postgresql_noproc: NoopExecutor
) -> Iterator[str]:
    """A database in which some have badges and others are near; verified, and to be read only."""
    with new_database(postgresql_noproc.template_dbname) as name:
        dsn = server.dsn(name)
        with contextlib.closing(database.connect(dsn, autocommit=True)) as connection:
            apply(connection, rule_set(BADGES, ORGANIZATIONS))
            connection.execute(_FILL)
            verify.record(connection, 0, 0, 0.1)
        yield dsn


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium; without one the test is skipped, on CI it fails."""
    with chromium() as running:
        yield running
