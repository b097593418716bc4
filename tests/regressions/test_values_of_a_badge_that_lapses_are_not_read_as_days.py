"""A badge that lapses was decided as one that is kept, its values were taken for units: it failed.

Where a sum of them can fall: a late activity, or a decision by hand, read a value as a date.
"""

from __future__ import annotations

import pytest
from pgmerit.database import Connection

from tests.engine import ANN, ORG, activity, apply, assert_exact, awards, insert, rule_set, value

LASTING = True

SEVERAL = {
    "type": "threshold",
    "measure": "distinct",
    "field": "kind",
    "per_value": {"measure": "sum", "at_least": 1},
    "at_least": 2,
}


@pytest.mark.parametrize("decisions", [[], ["revoke", "award"]], ids=["rule", "person"])
@pytest.mark.parametrize("kinds", ["ab", "ac"])
def test_values_of_a_badge_that_lapses_are_not_read_as_days(
    connection: Connection, decisions: list[str], kinds: str
) -> None:
    badges = {"several": {"name": "several", "criteria": SEVERAL, "on_unmet": "lapse"}}
    apply(connection, rule_set(badges))
    insert(connection, activity("2026-03-05", attributes={"kind": "b"}, quantity=-1))
    for kind in kinds:
        insert(connection, activity("2026-03-06", attributes={"kind": kind}))
    for decision in decisions:
        query = f"select badges.{decision}_badge(%s, 'several', %s, 'a reason')"
        value(connection, query, ANN, ORG)
    insert(connection, activity("2026-03-01", attributes={"kind": "b"}))
    assert len(awards(connection)) == 1
    assert_exact(connection)
