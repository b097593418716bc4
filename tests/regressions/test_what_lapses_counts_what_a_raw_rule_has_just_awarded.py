"""Raw rules come after what lapses: what counted them waited for the next evaluation."""

from __future__ import annotations

from pgmerit.database import Connection

from tests.engine import activity, apply, assert_exact, badge_ids, insert, rule_set, value

LASTING = True


def test_what_lapses_counts_what_a_raw_rule_has_just_awarded(connection: Connection) -> None:
    value(connection, "select badges.set_setting('criteria_raw', 'true')")
    expression = "$.activities.call.count >= 2"
    counting = {"type": "badges_earned", "badges": ["caller"]}
    badges = {
        "caller": {"type": "criteria_raw", "expression": expression, "reason": "a test"},
        "counting": {"name": "counting", "criteria": counting, "on_unmet": "lapse"},
    }
    apply(connection, rule_set(badges))
    insert(connection, activity("2026-03-01"))
    insert(connection, activity("2026-03-02"))
    assert badge_ids(connection) == ["caller", "counting"]
    assert_exact(connection)
