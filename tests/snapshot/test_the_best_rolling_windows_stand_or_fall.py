"""One activity among others keeps the best rolling windows as measuring all of them would."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import activity, apply, assert_exact, insert, rule_set

LASTING = True

WITHIN = {"type": "threshold", "window": {"rolling_days": 5}}
BADGES: dict[str, dict[str, Any]] = {
    "count": WITHIN | {"at_least": 5},
    "sum": WITHIN | {"measure": "sum", "at_least": 40},
    "max": WITHIN | {"measure": "max", "at_least": 19},
    "days": WITHIN | {"measure": "active_days", "at_least": 4},
}
START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("least", [0, -9])
def test_in_any_order(connection: Connection, number: int, least: int) -> None:
    chance = random.Random(f"{number} {least}")
    apply(connection, rule_set(BADGES))
    with connection.transaction():
        for step in range(40):
            size = chance.choice((1, 1, 3))
            moments = [START + timedelta(hours=chance.randrange(25 * 24)) for _ in range(size)]
            insert(
                connection,
                *[activity(at, quantity=chance.randint(least, 20)) for at in moments],
            )
            # What was kept too low stays so: not each step has to be looked at.
            if step % 4 == 3:
                assert_exact(connection)


@pytest.mark.parametrize(
    "others",
    [
        (("05-01", 1), ("05-01", 1), ("05-01", 1), ("05-01", 0)),
        (("05-01", 25), ("05-01", 10)),
        (("05-01", 27),),
        (("05-01", 0), ("05-02", 0), ("05-03", 0)),
        (("05-01", 0), ("05-01", 0), ("05-01", 0), ("05-01", 0), ("03-01", -5)),
        (("02-20", 0),),
        (("06-20", 0),),
    ],
    ids=["count", "sum", "max", "days", "fallen", "first", "last"],
)
def test_each_number_for_itself(
    connection: Connection, others: tuple[tuple[str, int], ...]
) -> None:
    """Beside three activities of two days: only one number of the best windows changes."""
    apply(connection, rule_set(BADGES))
    for day, quantity in (("03-01", 26), ("03-01", 2), ("03-02", 2), ("06-01", 0), *others):
        insert(connection, activity(f"2024-{day}", quantity=quantity))
        assert_exact(connection)
