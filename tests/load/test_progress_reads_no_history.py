"""Progress and reasons of a mentor with 500 and of one with 10,000 activities, rules of each kind.

Progress reads the snapshot, a reason what decides its badge. Run with -s, the test prints the
table.
"""

from __future__ import annotations

from typing import Any

from pgmerit.database import Connection

from tests.engine import ORG, apply, rule_set, value
from tests.load.test_each_routine_reads_little_for_a_mentor_with_a_long_history import (
    FILL,
    LARGE,
    SMALL,
    buffers,
)

FAR = 1_000_000
RULES: dict[str, Any] = {
    "count": {"type": "threshold", "at_least": FAR},
    "night": {"type": "threshold", "when": {"hours": [22, 6]}, "at_least": FAR},
    "year": {"type": "threshold", "window": "year", "at_least": FAR},
    "kind": {"type": "threshold", "per": "kind", "at_least": FAR},
    "lately": {"type": "threshold", "window": {"rolling_days": 30}, "at_least": FAR},
    "kinds": {"type": "threshold", "measure": "distinct", "field": "kind", "at_least": 50},
    "tiers": {
        "type": "tier",
        "tiers": [{"tier": "a", "at_least": 9}, {"tier": "b", "at_least": FAR}],
    },
    "daily": {"type": "streak", "unit": "day", "length": 30_000},
    "graceful": {"type": "streak", "unit": "week", "grace": 1, "length": 30_000},
    "open_days": {
        "type": "streak",
        "unit": "day",
        "on": {"weekdays": ["mon", "tue", "wed", "thu", "fri"]},
        "excused_by": {"activity": "absence"},
        "length": 30_000,
    },
    "full_weeks": {"type": "streak", "unit": "week", "per_unit": {"at_least": 99}, "length": 9},
    "months": {"type": "streak", "unit": "month", "consecutive": False, "length": 30_000},
    "course": {"type": "training_completion", "courses": ["a", "b"], "within_days": 90},
    "long": {"type": "tenure", "years": 90},
    "short": {"type": "tenure", "days": 30},
    "both": {
        "type": "all_of",
        "criteria": [
            {"type": "threshold", "at_least": 1},
            {"type": "tenure", "years": 90},
            {"type": "threshold", "activity": "visit", "at_least": 1},
        ],
    },
    "badges": {"type": "badges_earned", "at_least": 9},
    "thanks": {"type": "manual"},
}
# What decided a rule that was met is looked up in the activities.
DATED = {"short", "tiers", "both"}
# The best of the rolling windows is not kept.
SEARCHED = {"lately", "course"}


def test_progress_and_reasons_read_no_history(connection: Connection) -> None:
    apply(connection, rule_set(RULES, {ORG: {"time_zone": "UTC"}}))
    connection.execute(FILL.encode(), {"small": SMALL, "large": LARGE, "others": 12_000})
    connection.execute("analyze")
    progress = "select * from badges.get_badge_progress(%s, 'nhf')"
    found = {"get_badge_progress": [buffers(connection, progress, who) for who in (SMALL, LARGE)]}
    for badge in RULES:
        reason = f"select badges.explain_badge(%s, '{badge}', 'nhf')"
        found[badge] = [buffers(connection, reason, who) for who in (SMALL, LARGE)]
    print(f"\n{'buffers':40}    500    10,000")
    for name, (small, large) in found.items():
        print(f"{name:40} {small:6,} {large:9,}")
    for name, (small, large) in found.items():
        if name not in DATED | SEARCHED:
            assert large <= 1.5 * small + 20, name
    assert max(max(each) for each in found.values()) < 1_000
    assert found["get_badge_progress"][1] < 200
    assert value(connection, "select count(*) > 0 from badges.earned_badges")
