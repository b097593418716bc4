"""Late and not negative, among values that fell: the sum of now is too low, that of then enough."""

from __future__ import annotations

import pytest
from pgmerit.database import Connection

from tests.engine import activity, apply, assert_exact, awards, insert, moment, rule_set

LASTING = True


@pytest.mark.parametrize("window", ["lifetime", "year", {"rolling_days": 300}])
def test_the_sum_of_then_decides(connection: Connection, window: object) -> None:
    rule = {"type": "threshold", "measure": "sum", "window": window, "at_least": 1}
    apply(connection, rule_set({"one": rule}))
    insert(connection, activity("2026-01-02", quantity=0))
    insert(connection, activity("2026-03-01", quantity=-1))
    insert(connection, activity("2026-01-02", quantity=1))
    assert [each["earned_at"] for each in awards(connection)] == [moment("2026-01-02")]
    assert_exact(connection)
