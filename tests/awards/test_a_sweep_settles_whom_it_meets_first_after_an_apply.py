"""A sweep ends as everything that evaluates: whom it brings up to date it settles, too.

It left settling and raw rules out, and the backfill no longer met those people.
"""

from __future__ import annotations

from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import Row, activity, assert_exact, badge_ids, insert, rule_set, value

LASTING = True


def _rules(at_least: int) -> Row:
    return rule_set(
        {
            "calls": {
                "name": "calls",
                "on_unmet": "revoke",
                "criteria": {"type": "threshold", "activity": "call", "at_least": at_least},
            },
            "week": {"type": "tenure", "days": 7},
            "raw": {
                "type": "criteria_raw",
                "reason": "to be evaluated last",
                "expression": f"$.activities.call.count >= {at_least - 2}",
            },
        }
    )


def test_a_sweep_settles_whom_it_meets_first_after_an_apply(connection: Connection) -> None:
    value(connection, "select badges.set_setting('criteria_raw', 'true')")
    value(connection, "select badges.apply_rule_set(%s)", Jsonb(_rules(5)))
    insert(connection, *[activity(f"2026-03-0{day}") for day in range(1, 6)])
    assert badge_ids(connection) == ["calls", "raw"]
    for at_least, held in ((6, ["raw", "week"]), (5, ["calls", "raw", "week"])):
        value(
            connection,
            "select badges.apply_rule_set(%s, p_allow_revoke => true)",
            Jsonb(_rules(at_least)),
        )
        connection.execute("update badges_internal.due_people set next_due_at = '2026-03-08'")
        value(connection, "select badges.award_due_badges('2026-03-09')")
        assert badge_ids(connection) == held
        waiting = value(connection, "select badges.backfill_rule_set('tests', 0)")["remaining"]
        assert waiting == 0
        assert_exact(connection)
