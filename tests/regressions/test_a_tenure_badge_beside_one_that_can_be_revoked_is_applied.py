"""Looking for losses before an apply compared whole stat definitions, which have no equality."""

from __future__ import annotations

from pgmerit.database import Connection

from tests.engine import activity, apply, assert_exact, badge_ids, insert, rule_set

LASTING = True


def test_a_tenure_badge_beside_one_that_can_be_revoked_is_applied(connection: Connection) -> None:
    apply(connection, rule_set({}))
    insert(connection, activity("2025-03-01"), activity("2026-03-01"))
    tenure = {"type": "tenure", "years": 1}
    badges = {
        "year": tenure,
        "here": {"name": "Here", "criteria": tenure, "on_unmet": "revoke"},
    }
    apply(connection, rule_set(badges))
    assert badge_ids(connection) == ["here", "year"]
    assert_exact(connection)
