"""A held tier's date moves back with a late activity, whatever became of the other tiers.

One place compared the award with the whole badge's newest milestone: after a version that changed
only silver, bronze was left too late, and no backfill mended it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pgmerit.database import Connection

from tests.engine import Row, activity, apply, assert_exact, insert, moment, rows, rule_set

LASTING = True

DAYS = ("2026-03-02", "2026-03-10", "2026-03-20", "2026-03-28")


def _tiers(silver: int) -> Row:
    return rule_set(
        {
            "visitor": {
                "type": "tier",
                "tiers": [
                    {"tier": "bronze", "at_least": 3},
                    {"tier": "silver", "at_least": silver},
                ],
            }
        }
    )


def _repeated(times: int) -> Row:
    repeat = {"every": 3, "max": times}
    return rule_set({"visitor": {"type": "threshold", "at_least": 3, "repeat": repeat}})


def _late(connection: Connection) -> None:
    insert(connection, activity("2026-02-02"))


def _several_late(connection: Connection) -> None:
    insert(connection, activity("2026-02-02"), activity("2026-03-29"))


def _update(connection: Connection) -> None:
    connection.execute(
        "update badges.activities set occurred_at = '2026-02-02 12:00+00'"
        " where occurred_at = '2026-03-28 12:00+00'"
    )


def _upsert(connection: Connection) -> None:
    insert(connection, activity("2026-02-02", key="late"))
    insert(
        connection,
        activity("2026-02-02", key="late"),
        tail="on conflict (peer_mentor_id, org_id, idempotency_key) do update set quantity = 2",
    )


@pytest.mark.parametrize("change", [_late, _several_late, _update, _upsert])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(_tiers(10), _tiers(7), id="a tier lowered"),
        pytest.param(_tiers(10), _tiers(12), id="a tier raised"),
        pytest.param(_repeated(2), _repeated(4), id="more occurrences"),
    ],
)
def test_the_date_of_what_did_not_change_moves_back(
    connection: Connection, before: Row, after: Row, change: Callable[[Connection], None]
) -> None:
    apply(connection, before)
    insert(connection, *[activity(day) for day in DAYS])
    apply(connection, after)
    change(connection)
    first = rows(
        connection,
        "select earned_at, rule_set_version from badges.earned_badges"
        " where tier in ('', 'bronze') and occurrence = 1",
    )
    assert first == [{"earned_at": moment("2026-03-10"), "rule_set_version": 1}]
    assert_exact(connection)


def test_the_date_of_what_did_change_stays(connection: Connection) -> None:
    apply(connection, _tiers(4))
    insert(connection, *[activity(day) for day in DAYS])
    apply(connection, _tiers(5))
    _late(connection)
    held = rows(connection, "select tier, earned_at from badges.earned_badges order by tier")
    assert held == [
        {"tier": "bronze", "earned_at": moment("2026-03-10")},
        {"tier": "silver", "earned_at": moment("2026-03-28")},
    ]
    assert_exact(connection)
