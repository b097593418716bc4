from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import rows

LASTING = True


def _curve(
    connection: Connection, had: dict[Any, int], share: Any, others: int = 0
) -> tuple[list[Any], Any, Any]:
    """Ask for the curve of so many people with each value, and of others who have none."""
    (found,) = rows(
        connection,
        "select * from"
        " badges_internal._calibrate_curve(%s::numeric[], %s::bigint[], %s, %s::numeric)",
        [Decimal(each) for each in had],
        list(had.values()),
        sum(had.values()) + others,
        share,
    )
    return found["points"], found["at_least"], found["at_most"]


def test_both_sides_of_a_share_are_found(connection: Connection) -> None:
    whole = {1: 50, 2: 20, 3: 20, 4: 9, 7: 1}
    for had, share, others, at_least, at_most in (
        # 100 have 1 or more, 50 two, 30 three, 10 four, one seven.
        (whole, 0.25, 0, 3, 4),
        (whole, 0.3, 0, 3, 3),
        (whole, 0.1, 0, 4, 4),
        (whole, 0.05, 0, 4, 5),
        (whole, 0.5, 100, 1, 1),
        (whole, 0.6, 100, None, 1),
        (whole, 0.005, 0, 7, None),
        # Half of them have it whatever the number is.
        ({"infinity": 50, 2: 25, 3: 25}, 0.6, 0, 3, None),
        ({"infinity": 50, 2: 25, 3: 25}, 0.8, 0, 2, 3),
        ({"infinity": 50, 2: 25, 3: 25}, 0.4, 0, None, None),
        ({}, 0.1, 10, None, None),
        ({5: 10}, None, 0, None, None),
    ):
        assert _curve(connection, had, share, others)[1:] == (at_least, at_most), (had, share)


def test_they_are_written_as_people_write_them(connection: Connection) -> None:
    sums = {Decimal("12.25") + Decimal("0.75") * n: 1 for n in range(100)}
    for had, share, at_least, at_most in (
        # 10 % have 79.75 or more and 11 % 79: three digits are enough to tell them apart.
        (sums, 0.1, Decimal("79.7"), Decimal("79.7")),
        # Of all numbers that give exactly the share the roundest.
        ({99: 9, Decimal("101.5"): 1}, 0.1, 100, 100),
        (sums, Decimal("0.105"), Decimal(79), Decimal("79.1")),
        # Three digits, though there are more.
        ({123_456: 1, 234_567: 1, 345_678: 1}, 0.5, 234_000, 235_000),
        ({Decimal("0.01234"): 1, Decimal("0.02345"): 1}, 0.5, Decimal("0.02"), Decimal("0.02")),
        # Years lie close together.
        ({2019: 4, 2024: 3, 2025: 2, 2026: 1}, 0.4, 2024, 2025),
        ({10**30: 1, 1: 1}, 0.5, 10**30, 10**30),
    ):
        assert _curve(connection, had, share)[1:] == (at_least, at_most), (share, at_least)


@pytest.mark.parametrize("values", [range(1, 25), range(1, 5_000)])
def test_few_points_show_the_whole_curve(connection: Connection, values: range) -> None:
    points, _, _ = _curve(connection, dict.fromkeys(values, 2), None)
    assert len(points) <= 24
    assert points[0] == 1
    assert points[-1] >= 0.98 * values[-1]
    assert all(len(str(point).rstrip("0")) <= 2 for point in points)
