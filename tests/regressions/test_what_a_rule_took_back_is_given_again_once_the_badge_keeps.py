"""A badge that had been taken back by its rule was never given again once it said `keep`."""

from __future__ import annotations

from typing import Any

from pgmerit.database import Connection

from tests.engine import activity, apply, assert_exact, badge_ids, insert, rule_set

LASTING = True


def test_what_a_rule_took_back_is_given_again_once_the_badge_keeps(connection: Connection) -> None:
    def rules(on_unmet: str) -> dict[str, Any]:
        criteria = {"type": "threshold", "at_least": 1}
        return rule_set({"one": {"name": "One", "criteria": criteria, "on_unmet": on_unmet}})

    apply(connection, rules("revoke"))
    insert(connection, activity("2026-03-01"))
    connection.execute("delete from badges.activities")
    assert badge_ids(connection) == []
    apply(connection, rules("keep"))
    insert(connection, activity("2026-03-02"))
    assert badge_ids(connection) == ["one"]
    assert_exact(connection)
