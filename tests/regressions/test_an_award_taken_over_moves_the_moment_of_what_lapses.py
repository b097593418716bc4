"""An award taken over after the last activity left what had lapsed by then as it was."""

from __future__ import annotations

from pgmerit.database import Connection

from tests.engine import ANN, ORG, activity, apply, assert_exact, badge_ids, insert, rule_set, value

LASTING = True


def test_an_award_taken_over_moves_the_moment_of_what_lapses(connection: Connection) -> None:
    lately = {"type": "threshold", "at_least": 1, "window": {"last_days": 3}}
    badges = {
        "lately": {"name": "lately", "criteria": lately, "on_unmet": "lapse"},
        "by-hand": {"type": "manual"},
    }
    apply(connection, rule_set(badges))
    insert(connection, activity("2026-03-01"))
    value(
        connection,
        "select badges.adopt_awards(array[%s]::uuid[], '{by-hand}', array[%s], '{2026-04-01}')",
        ANN,
        ORG,
    )
    assert badge_ids(connection) == ["by-hand"]
    assert_exact(connection)
