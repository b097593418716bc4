"""To deny a badge that had lapsed changed since when another was held, which nobody looked at."""

from __future__ import annotations

from pgmerit.database import Connection

from tests.engine import ANN, ORG, activity, apply, assert_exact, awards, insert, rule_set, value

LASTING = True


def test_denying_what_has_lapsed_moves_what_counted_it(connection: Connection) -> None:
    lately = {"type": "threshold", "at_least": 1, "activity": "call", "window": {"last_days": 3}}
    either = {"type": "badges_earned", "badges": ["lately", "visitor"], "at_least": 1}
    badges = {
        "lately": {"name": "lately", "criteria": lately, "on_unmet": "lapse"},
        "visitor": {"type": "threshold", "activity": "visit", "at_least": 1},
        "either": {"name": "either", "criteria": either, "on_unmet": "lapse"},
    }
    apply(connection, rule_set(badges))
    insert(connection, activity("2026-03-01"))
    insert(connection, activity("2026-03-02", kind="visit"))
    insert(connection, activity("2026-03-10", kind="visit"))

    def held_since() -> dict[str, int]:
        return {each["badge_definition_id"]: each["earned_at"].day for each in awards(connection)}

    assert held_since() == {"either": 1, "visitor": 2}
    for decision, day in (("deny", 2), ("allow", 1)):
        query = f"select badges.{decision}_badge(%s, 'lately', %s, 'a reason')"
        value(connection, query, ANN, ORG)
        assert held_since() == {"either": day, "visitor": 2}
        assert_exact(connection)
