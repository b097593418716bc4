"""An activity in order that awards a badge has those that count it and lapse follow at once.

Its person was not among those whose badges that lapse were settled.
"""

from __future__ import annotations

from pgmerit.database import Connection

from tests.engine import activity, apply, assert_exact, badge_ids, insert, rule_set

LASTING = True


def test_what_counts_it_is_held(connection: Connection) -> None:
    counting = {
        "name": "Decorated",
        "on_unmet": "lapse",
        "criteria": {"type": "badges_earned", "at_least": 1},
    }
    first = {"type": "threshold", "at_least": 1}
    apply(connection, rule_set({"decorated": counting, "first": first}))
    insert(connection, activity("2026-03-05"))
    assert set(badge_ids(connection)) == {"decorated", "first"}
    assert_exact(connection)
