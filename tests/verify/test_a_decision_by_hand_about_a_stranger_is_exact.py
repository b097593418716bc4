from __future__ import annotations

import pytest
from pgmerit.database import Connection

from tests.engine import ANN, ORG, activity, apply, assert_exact, insert, rows, rule_set, value

LASTING = True

CALL = {"type": "threshold", "activity": "call", "at_least": 1}


@pytest.mark.parametrize("decision", ["revoke_badge", "deny_badge", "allow_badge", "award_badge"])
def test_no_activity_and_nothing_held(connection: Connection, decision: str) -> None:
    apply(connection, rule_set({"calls": CALL}))
    value(connection, f"select badges.{decision}(%s, 'calls', %s, 'because')", ANN, ORG)
    assert_exact(connection)


def test_an_emptied_base_row_of_somebody_with_activities_is_found(connection: Connection) -> None:
    apply(connection, rule_set({"calls": CALL}))
    insert(connection, activity("2026-03-01"))
    connection.execute(
        "update badges.peer_mentor_stats set activity_count = 0, active_days = 0 where stat = '*'"
    )
    found = rows(connection, "select stat, measure from badges.verify_stats()")
    assert {"stat": "*", "measure": "row"} in found
