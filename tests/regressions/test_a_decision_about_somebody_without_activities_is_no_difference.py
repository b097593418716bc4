"""A decision by hand left an empty base row, which verification named."""

from __future__ import annotations

import pytest
from pgmerit.database import Connection

from tests.engine import BEN, ORG, activity, apply, assert_exact, insert, rule_set, value

LASTING = True


@pytest.mark.parametrize("decision", ["award", "revoke", "deny", "allow"])
def test_a_decision_about_somebody_without_activities_is_no_difference(
    connection: Connection, decision: str
) -> None:
    apply(connection, rule_set({"one": {"type": "threshold", "at_least": 1}}))
    insert(connection, activity("2026-03-01"))
    value(connection, f"select badges.{decision}_badge(%s, 'one', %s, 'a reason')", BEN, ORG)
    assert_exact(connection)
